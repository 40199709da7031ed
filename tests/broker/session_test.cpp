// SPDX-License-Identifier: Apache-2.0
// The MQTT client against the real broker: why a connection does not come about, in words.
#include "broker/fixture.h"
#include "support/random.h"
#include "upstream/broker_watch.h"

namespace fairlead::test {
namespace {

using namespace upstream;

TEST_F(BrokerTest, BrokerOfAnUntrustedAuthorityIsNamed) {
  start();
  Authority other(folder_.path(), "Other-CA");
  auto mine = settings(admit("a1"), "a1");
  mine.tls.trust.anchors = other.anchors();
  Client device(loop_, mine);
  auto refused = device.connect();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::untrusted);
  EXPECT_EQ(device.state().reason, LinkReason::tls_untrusted);
  EXPECT_NE(refused.error().context.find("Fleet-CA"), std::string::npos) << refused.error().context;
}

TEST_F(BrokerTest, BrokerWhoseCertificateIsForAnotherNameIsRefused) {
  auto wrong = authority_.issue("elsewhere", "DNS:elsewhere.example");
  std::ifstream key(wrong.key_file);
  write_broker_identity(options_, wrong.chain, std::string(std::istreambuf_iterator<char>(key), {}))
      .value();
  start();
  for (const char* host : {"127.0.0.1", "localhost"}) {
    auto mine = settings(admit("a1"), "a1");
    mine.host = host;
    Client device(loop_, mine);
    ASSERT_FALSE(device.connect());
    EXPECT_EQ(device.state().reason, LinkReason::tls_untrusted) << device.state().words;
    EXPECT_NE(device.state().words.find("another name"), std::string::npos);
  }
}

TEST_F(BrokerTest, HostNameWithSeveralAddressesFindsTheOneThatAnswers) {
  start();  // on 127.0.0.1 only; "localhost" may be ::1 first
  auto mine = settings(admit("a1"), "a1");
  mine.host = "localhost";
  Client device(loop_, mine);
  auto connected = device.connect();
  EXPECT_TRUE(connected) << connected.error().context;
}

TEST_F(BrokerTest, NothingListeningIsUnreachable) {
  auto device = client(authority_.issue("a1"), "a1");
  auto refused = device->connect();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::io);
  EXPECT_EQ(device->state().reason, LinkReason::unreachable) << refused.error().context;
}

TEST_F(BrokerTest, UnknownNameIsSaidToBeSo) {
  auto mine = settings(authority_.issue("a1"), "a1");
  mine.host = "no-such-host.invalid";
  Client device(loop_, mine);
  ASSERT_FALSE(device.connect());
  EXPECT_EQ(device.state().reason, LinkReason::name_not_found) << device.state().words;
}

TEST_F(BrokerTest, PeerThatSaysNothingTimesOut) {
  int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 4), 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  auto mine = settings(authority_.issue("a1"), "a1");
  mine.port = ntohs(address.sin_port);
  mine.connect_deadline = std::chrono::milliseconds(300);
  Client device(loop_, mine);
  auto refused = device.connect();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::timed_out);
  EXPECT_EQ(device.state().reason, LinkReason::timed_out);
  ::close(listener);
}

TEST_F(BrokerTest, SecondConnectionOfTheSameDeviceTakesOver) {
  start();
  auto a1 = admit("a1");
  auto first = client(a1, "a1");
  ASSERT_TRUE(first->connect());
  auto second = client(a1, "a1");
  ASSERT_TRUE(second->connect());
  // mosquitto 2.0.11 closes the first connection without saying 142; later ones say it.
  auto reason = first->await_end().reason;
  EXPECT_TRUE(reason == LinkReason::taken_over || reason == LinkReason::lost);
  EXPECT_TRUE(second->publish(prefix("a1") + "telemetry", "1"));
}

TEST_F(BrokerTest, TrustBySomethingElseThanAuthoritiesIsRefusedAtOnce) {
  auto mine = settings(authority_.issue("a1"), "a1");
  mine.tls.trust = {};
  EXPECT_FALSE(MqttSession::create(loop_.loop, mine, {}));
  mine.tls.trust.unauthenticated = true;
  auto refused = MqttSession::create(loop_.loop, mine, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unsupported);
}

TEST_F(BrokerTest, ManyMessagesArriveWholeAndInOrder) {
  start();
  auto a1 = admit("a1");
  auto device = client(a1, "a1");
  ASSERT_TRUE(device->connect());
  ASSERT_TRUE(device->subscribe(prefix("a1") + "cmd"));
  for (int n = 0; n < 500; ++n)
    ASSERT_TRUE(device->publish(prefix("a1") + "cmd", std::to_string(n)));
  for (int n = 0; n < 500; ++n) {
    auto message = device->await_message();
    ASSERT_TRUE(message);
    ASSERT_EQ(message->payload, std::to_string(n));
  }
}

TEST_F(BrokerTest, WatchReportsWhoIsOnlineAndWhoVanished) {
  start();
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Presence> seen;
  auto next = [&] {
    std::unique_lock lock(mutex);
    Presence out;
    if (changed.wait_for(lock, patience, [&] { return !seen.empty(); })) {
      out = seen.front();
      seen.pop_front();
    }
    return out;
  };
  ScriptedRandom random;
  BrokerWatch watch(loop_.loop, loop_.log, random, system_clock(),
                    settings(admit("server", AccessRole::service), "server"),
                    [&](const Presence& presence) {
                      std::lock_guard lock(mutex);
                      seen.push_back(presence);
                      changed.notify_all();
                    });
  loop_.on_loop([&] { watch.start(); });
  ASSERT_FALSE(loop_.log.await("WATCH_CONNECTED").empty()) << loop_.log.all();

  auto mine = settings(admit("a1"), "a1");
  mine.will = MqttMessage{presence_topic(prefix("a1")), encode_presence(false), 1, true};
  Client device(loop_, mine);
  ASSERT_TRUE(device.connect());
  ASSERT_TRUE(device.publish(prefix("a1") + "state", "nonsense"));
  EXPECT_FALSE(loop_.log.await("PRESENCE_UNREADABLE").empty());
  ASSERT_TRUE(device.publish(presence_topic(prefix("a1")), encode_presence(true), true));
  auto online = next();
  EXPECT_EQ(online.account, AccountId("acme"));
  EXPECT_EQ(online.device, DeviceId("a1"));
  EXPECT_TRUE(online.online);
  device.drop();
  auto offline = next();
  EXPECT_EQ(offline.device, DeviceId("a1"));
  EXPECT_FALSE(offline.online);

  ASSERT_TRUE(loop_.await(broker_->stop()));
  EXPECT_FALSE(loop_.log.await("WATCH_LOST").empty());
  start();
  // The watch comes back by itself. What it had not acknowledged may come first, once more.
  auto retained = next();
  if (!retained.retained) retained = next();
  EXPECT_EQ(retained.device, DeviceId("a1"));
  EXPECT_FALSE(retained.online);
  EXPECT_TRUE(retained.retained);
  loop_.on_loop([&] { watch.stop(); });
}

}  // namespace
}  // namespace fairlead::test
