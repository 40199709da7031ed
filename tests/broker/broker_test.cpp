// SPDX-License-Identifier: Apache-2.0
// What the broker with our plugin lets through, and what not: the real mosquitto, real TLS.
#include <signal.h>

#include "broker/fixture.h"
#include "support/child_process.h"
#include "upstream/broker_watch.h"

namespace fairlead::test {
namespace {

using namespace upstream;

TEST_F(BrokerTest, GrantedDeviceConnectsAndUsesItsOwnTopics) {
  start();
  auto a1 = admit("a1");
  auto device = client(a1, "a1");
  auto connected = device->connect();
  ASSERT_TRUE(connected) << connected.error().context << loop_.log.all();
  ASSERT_TRUE(device->subscribe(prefix("a1") + "cmd/#"));
  ASSERT_TRUE(device->publish(prefix("a1") + "telemetry", "21.5"));
  ASSERT_TRUE(device->publish(prefix("a1") + "cmd/echo", "hello"));
  auto message = device->await_message();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->topic, prefix("a1") + "cmd/echo");
  EXPECT_EQ(message->payload, "hello");
  EXPECT_TRUE(device->disconnect());
  EXPECT_EQ(device->state().reason, LinkReason::asked);
}

TEST_F(BrokerTest, CertificateThatIsNotInTheTableIsRefused) {
  start();
  auto stranger = client(authority_.issue("stranger"), "stranger");
  auto refused = stranger->connect();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::refused);
  EXPECT_EQ(stranger->state().reason, LinkReason::not_authorised) << refused.error().context;
  EXPECT_TRUE(log_says("is not in the access table"));
}

TEST_F(BrokerTest, CertificateOfAnotherAuthorityIsRefusedByTls) {
  start();
  Authority other(folder_.path(), "Other-CA");
  auto identity = other.issue("a1");
  table_->put(entry(identity, "a1")).value();  // the table alone does not let it in
  auto device = client(identity, "a1");
  auto refused = device->connect();
  ASSERT_FALSE(refused);
  EXPECT_EQ(device->state().reason, LinkReason::certificate_refused) << refused.error().context;
}

TEST_F(BrokerTest, AuthorityAddedWhileTheBrokerRunsIsAcceptedAtOnce) {
  start();
  Authority other(folder_.path(), "Other-CA");
  auto identity = other.issue("a1");
  table_->put(entry(identity, "a1")).value();
  add_client_authority(options_, other.certificate()).value();
  auto device = client(identity, "a1");
  auto connected = device->connect();
  EXPECT_TRUE(connected) << connected.error().context;
}

TEST_F(BrokerTest, ClientWithoutCertificateIsRefused) {
  start();
  auto none = settings(authority_.issue("x"), "x");
  none.tls.chain.clear();
  none.tls.key.reset();
  Client device(loop_, none);
  auto refused = device.connect();
  ASSERT_FALSE(refused);
  EXPECT_EQ(device.state().reason, LinkReason::certificate_refused) << refused.error().context;
}

TEST_F(BrokerTest, ForeignClientIdIsRefusedAndItsOwnerStays) {
  start();
  auto a1 = admit("a1"), a2 = admit("a2");
  auto owner = client(a1, "a1");
  ASSERT_TRUE(owner->connect());
  auto thief = client(a2, "a1");
  ASSERT_FALSE(thief->connect());
  EXPECT_EQ(thief->state().reason, LinkReason::not_authorised);
  EXPECT_TRUE(log_says("does not belong to a2"));
  EXPECT_TRUE(owner->publish(prefix("a1") + "telemetry", "still here"));
  auto second = client(a1, "a1/app");
  EXPECT_TRUE(second->connect());
}

TEST_F(BrokerTest, ServicesHearWhoConnectedWithWhatAndDevicesNeitherHearNorSayIt) {
  start();
  auto watcher = client(admit("server", AccessRole::service), "server");
  ASSERT_TRUE(watcher->connect());
  ASSERT_TRUE(watcher->subscribe(std::string(upstream::connected_topic)));
  auto a1 = admit("a1");
  auto device = client(a1, "a1/renewal");
  ASSERT_TRUE(device->connect());
  auto heard = watcher->await_message();
  ASSERT_TRUE(heard);
  auto use = upstream::decode_certificate_use(heard->payload);
  ASSERT_TRUE(use) << heard->payload;
  EXPECT_EQ(use->device, DeviceId("a1"));
  EXPECT_TRUE(equal(use->fingerprint, a1.fingerprint));
  EXPECT_EQ(use->address, "127.0.0.1");
  EXPECT_FALSE(device->subscribe(std::string(upstream::connected_topic)));
  EXPECT_FALSE(device->publish(std::string(upstream::connected_topic), heard->payload));
}

TEST_F(BrokerTest, ForeignTopicsAreDeniedBothWays) {
  start();
  auto a1 = admit("a1");
  auto device = client(a1, "a1");
  ASSERT_TRUE(device->connect());
  for (const char* filter : {"#", "fairlead/#", "fairlead/v1/acme/+/state", "fairlead/v1/acme/a2/#",
                             "$SYS/#", "$share/g/#", "$share/g/fairlead/v1/acme/a2/cmd"}) {
    auto refused = device->subscribe(filter);
    ASSERT_FALSE(refused) << filter;
    EXPECT_EQ(refused.error().code, Errc::refused) << filter;
  }
  auto refused = device->publish("fairlead/v1/acme/a2/state", "forged");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::refused);
  EXPECT_TRUE(device->subscribe("$share/g/" + prefix("a1") + "cmd"));
  EXPECT_TRUE(device->publish(prefix("a1") + "state", "mine")) << "and stays connected";
}

TEST_F(BrokerTest, RevokedDeviceIsCutOffAtOnceAndItsLastWillIsTold) {
  start();
  auto watcher = client(admit("server", AccessRole::service), "server");
  ASSERT_TRUE(watcher->connect());
  ASSERT_TRUE(watcher->subscribe("fairlead/v1/+/+/state"));
  auto a1 = admit("a1");
  auto with_will = settings(a1, "a1");
  with_will.will = MqttMessage{prefix("a1") + "state", R"({"state":"offline"})", 1, true};
  Client device(loop_, with_will);
  ASSERT_TRUE(device.connect());

  auto from = std::chrono::steady_clock::now();
  table_->revoke(a1.fingerprint).value();
  auto end = device.await_end();
  auto took = std::chrono::steady_clock::now() - from;
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  std::printf("revoked to disconnected: %lld ms\n", static_cast<long long>(ms));
  RecordProperty("revoked_to_disconnected_ms", static_cast<int>(ms));
  EXPECT_EQ(end.reason, LinkReason::revoked) << end.words;
  EXPECT_LT(took, std::chrono::seconds(5));
  auto will = watcher->await_message();
  ASSERT_TRUE(will);
  EXPECT_EQ(will->payload, R"({"state":"offline"})");

  ASSERT_FALSE(device.connect());
  EXPECT_EQ(device.state().reason, LinkReason::not_authorised);
  EXPECT_TRUE(log_says("is revoked"));
}

TEST_F(BrokerTest, TwentyRevocationsOneAfterAnotherEachTakeEffectSoon) {
  start();
  std::vector<Identity> fleet;
  std::vector<std::unique_ptr<Client>> clients;
  for (int n = 0; n < 20; ++n) {
    auto id = "f" + std::to_string(n);
    fleet.push_back(admit(id));
    clients.push_back(client(fleet.back(), id));
    ASSERT_TRUE(clients.back()->connect());
  }
  std::chrono::steady_clock::duration longest{};
  for (std::size_t n = 0; n < 20; ++n) {
    auto from = std::chrono::steady_clock::now();
    table_->revoke(fleet[n].fingerprint).value();
    EXPECT_EQ(clients[n]->await_end().reason, LinkReason::revoked);
    longest = std::max(longest, std::chrono::steady_clock::now() - from);
  }
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(longest).count();
  std::printf("revoked to disconnected, longest of 20: %lld ms\n", static_cast<long long>(ms));
  EXPECT_LT(longest, std::chrono::seconds(5));
}

TEST_F(BrokerTest, BrokerThatDiesIsStartedAgainAndStillRefusesTheRevoked) {
  start();
  auto a1 = admit("a1"), a2 = admit("a2");
  table_->revoke(a2.fingerprint).value();
  auto device = client(a1, "a1");
  ASSERT_TRUE(device->connect());
  int pid = 0;
  loop_.on_loop([&] { pid = broker_->pid(); });
  ASSERT_GT(pid, 0);
  ::kill(pid, SIGKILL);
  EXPECT_EQ(device->await_end().reason, LinkReason::lost);
  EXPECT_FALSE(loop_.log.await("BROKER_ENDED").empty());
  EXPECT_TRUE(connect_soon(*device));
  auto revoked = client(a2, "a2");
  ASSERT_FALSE(revoked->connect());
  EXPECT_EQ(revoked->state().reason, LinkReason::not_authorised);
}

// Fingerprint of what the broker shows, as `openssl s_client` sees it.
static std::string shown_by(const BrokerOptions& options) {
  const std::string command =
      "openssl s_client -connect 127.0.0.1:" + std::to_string(options.port) +
      " </dev/null 2>/dev/null | openssl x509 -outform DER 2>/dev/null | sha256sum";
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), &::pclose);
  char line[65] = {};
  return pipe && ::fread(line, 1, 64, pipe.get()) == 64 ? std::string(line) : std::string();
}

TEST_F(BrokerTest, AfterAReloadItShowsItsNewCertificateAndNobodyIsThrownOff) {
  start();
  auto device = client(admit("a1"), "a1"),
       service = client(admit("watch", AccessRole::service), "watch");
  ASSERT_TRUE(device->connect());
  ASSERT_TRUE(service->connect());
  ASSERT_TRUE(service->subscribe(prefix("a1") + "#"));
  auto next = authority_.issue("broker", "DNS:localhost,IP:127.0.0.1");
  std::ifstream key(next.key_file);
  ASSERT_NE(shown_by(options_), to_hex(next.fingerprint));
  ASSERT_TRUE(write_broker_identity(options_, next.chain,
                                    std::string(std::istreambuf_iterator<char>(key), {})));
  loop_.on_loop([&] { ASSERT_TRUE(broker_->reload()); });
  EXPECT_TRUE(log_says("Reloading config"));
  EXPECT_TRUE(wait_until([&] { return shown_by(options_) == to_hex(next.fingerprint); }));
  ASSERT_TRUE(device->publish(prefix("a1") + "telemetry", "still here"));
  EXPECT_EQ(service->await_message()->payload, "still here");
  EXPECT_TRUE(device->state().connected);
  EXPECT_TRUE(service->state().connected);
  auto late = client(admit("a2"), "a2");
  EXPECT_TRUE(connect_soon(*late));
  auto stranger = client(authority_.issue("a3"), "a3");
  EXPECT_FALSE(stranger->connect()) << "the door is held as before";
}

TEST_F(BrokerTest, CorruptTableRefusesEveryoneSaysSoAndKeepsThoseWhoAreIn) {
  start();
  auto a1 = admit("a1");
  auto inside = client(a1, "a1");
  ASSERT_TRUE(inside->connect());
  {
    std::fstream file(options_.access_table);
    file.write("garbage", 7);
  }
  ASSERT_TRUE(log_says("no one can connect"));
  auto outside = client(a1, "a1/2");
  ASSERT_FALSE(outside->connect());
  EXPECT_EQ(outside->state().reason, LinkReason::not_authorised);
  EXPECT_TRUE(inside->publish(prefix("a1") + "telemetry", "1"));

  table_.reset();
  table_ = AccessWriter::create_anew(options_.access_table, 64).value();
  EXPECT_EQ(inside->await_end().reason, LinkReason::revoked) << "the new table does not have it";
  table_->put(entry(a1, "a1")).value();
  EXPECT_TRUE(connect_soon(*outside));
}

TEST_F(BrokerTest, BrokerWithoutATableRefusesUntilThereIsOne) {
  table_.reset();
  std::filesystem::remove(options_.access_table);
  start();
  EXPECT_TRUE(log_says("no one can connect"));
  auto a1 = authority_.issue("a1");
  auto device = client(a1, "a1");
  EXPECT_FALSE(device->connect());
  table_ = AccessWriter::create_or_open(options_.access_table, 64).value();
  table_->put(entry(a1, "a1")).value();
  EXPECT_TRUE(connect_soon(*device));
}

TEST_F(BrokerTest, GrowthOfTheTableIsFollowedAndThrowsNoOneOff) {
  start();
  auto a1 = admit("a1");
  auto first = client(a1, "a1");
  ASSERT_TRUE(first->connect());
  for (int n = 0; n < 1000; ++n) {
    AccessEntry other{.device_id = "x", .topic_prefix = "fairlead/v1/acme/x/"};
    other.fingerprint.value.fill(static_cast<std::uint8_t>(n));
    other.fingerprint.value[30] = static_cast<std::uint8_t>(n >> 8);
    table_->put(other).value();
  }
  ASSERT_GT(table_->capacity(), 64u);
  auto a2 = admit("a2");
  auto second = client(a2, "a2");
  EXPECT_TRUE(connect_soon(*second));
  EXPECT_TRUE(first->publish(prefix("a1") + "telemetry", "1"));
  table_->revoke(a1.fingerprint).value();
  EXPECT_EQ(first->await_end().reason, LinkReason::revoked);
}

TEST_F(BrokerTest, SessionAndItsQueueSurviveAnOrderlyRestartOfTheBroker) {
  start();
  auto a1 = admit("a1");
  auto server = client(admit("server", AccessRole::service), "server");
  auto device = client(a1, "a1");
  ASSERT_TRUE(device->connect());
  EXPECT_FALSE(device->state().session_present);
  ASSERT_TRUE(device->subscribe(prefix("a1") + "cmd"));
  device->drop();
  ASSERT_TRUE(loop_.await(broker_->stop()));
  start();
  ASSERT_TRUE(connect_soon(*server));
  ASSERT_TRUE(server->publish(prefix("a1") + "cmd", "while you were away"));
  auto again = client(a1, "a1");
  ASSERT_TRUE(again->connect());
  EXPECT_TRUE(again->state().session_present);
  auto message = again->await_message();
  ASSERT_TRUE(message) << "queued for a session that the plugin had not seen since its start";
  EXPECT_EQ(message->payload, "while you were away");
}

TEST_F(BrokerTest, BrokerThatCannotStartSaysWhy) {
  options_.certificate_file = (folder_.path() / "missing.pem").string();
  Broker broker(loop_.loop, loop_.log, options_);
  auto started = loop_.await(broker.start());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::io);
  EXPECT_NE(started.error().context.find("missing.pem"), std::string::npos)
      << started.error().context;
  loop_.stop();
}

TEST_F(BrokerTest, ConfigurationWithALineBreakOrWithoutAnAuthorityIsRefused) {
  auto bad = options_;
  bad.plugin_file = "/a\nallow_anonymous true";
  auto refused = write_broker_conf(bad);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::refused);
  bad = options_;
  bad.client_authorities.clear();
  EXPECT_FALSE(write_broker_conf(bad));
}

}  // namespace
}  // namespace fairlead::test
