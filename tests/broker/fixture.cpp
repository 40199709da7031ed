// SPDX-License-Identifier: Apache-2.0
#include "broker/fixture.h"

#if __has_feature(thread_sanitizer)
// libmosquitto 2.0.11 unlocks a mutex that it has not locked when it begins to connect; nobody else
// knows the client by then.
extern "C" const char* __tsan_default_suppressions() { return "mutex:libmosquitto.so\n"; }
#endif

namespace fairlead::test {

using namespace upstream;

std::uint16_t free_port() {
  int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(socket);
  return ntohs(address.sin_port);
}

Client::Client(net::LoopThread& loop, MqttSettings settings) : loop_(loop) {
  MqttHandlers handlers;
  handlers.on_state = [this](const LinkState& state) {
    std::lock_guard lock(mutex_);
    if (!state.connected) ends_.push_back(state);
    changed_.notify_all();
  };
  handlers.on_message = [this](MqttMessage message) {
    std::lock_guard lock(mutex_);
    messages_.push_back(std::move(message));
    changed_.notify_all();
  };
  auto made = MqttSession::create(loop.loop, std::move(settings), std::move(handlers));
  if (!made) throw std::runtime_error(made.error().context);
  session_ = std::move(*made);
}

Client::~Client() { drop(); }

void Client::drop() {
  loop_.on_loop([this] { session_.reset(); });
}

Result<void> Client::publish(const std::string& topic, const std::string& payload, bool retain) {
  MqttMessage message{.topic = topic, .payload = payload, .qos = 1, .retain = retain};
  return loop_.await(session_->publish(message));
}

Result<void> Client::subscribe(const std::string& filter) {
  return loop_.await(session_->subscribe(filter, 1));
}

LinkState Client::state() {
  LinkState out;
  loop_.on_loop([&] { out = session_->state(); });
  return out;
}

LinkState Client::await_end() {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, patience, [&] { return !ends_.empty(); })) return {};
  auto out = ends_.front();
  ends_.pop_front();
  return out;
}

std::optional<MqttMessage> Client::await_message() {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, patience, [&] { return !messages_.empty(); })) return std::nullopt;
  auto out = messages_.front();
  messages_.pop_front();
  return out;
}

BrokerTest::BrokerTest() : authority_(folder_.path(), "Fleet-CA") {
  // The broker's own user has to get through.
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0711));
  options_.program = MOSQUITTO_PROGRAM;
  options_.folder = (folder_.path() / "broker").string();
  options_.address = "127.0.0.1";
  options_.port = free_port();
  options_.client_authorities = authority_.anchors();
  options_.plugin_file = PLUGIN_FILE;
  options_.access_table = options_.folder + "/access";
  auto server = authority_.issue("broker", "DNS:localhost,IP:127.0.0.1");
  std::ifstream key(server.key_file);
  write_broker_identity(options_, server.chain,
                        std::string(std::istreambuf_iterator<char>(key), {}))
      .value();
  table_ = AccessWriter::create_or_open(options_.access_table, 64).value();
}

BrokerTest::~BrokerTest() {
  if (broker_) loop_.on_loop([this] { broker_.reset(); });
  loop_.stop();
}

void BrokerTest::start() {
  if (!broker_) broker_ = std::make_unique<Broker>(loop_.loop, loop_.log, options_);
  auto started = loop_.await(broker_->start());
  ASSERT_TRUE(started) << started.error().context << "\n" << loop_.log.all();
}

AccessEntry BrokerTest::entry(const Identity& who, const std::string& device,
                              AccessRole role) const {
  return {.fingerprint = who.fingerprint,
          .role = role,
          .generation = 1,
          .device_id = device,
          .topic_prefix = role == AccessRole::service ? "fairlead/v1/" : prefix(device)};
}

Identity BrokerTest::admit(const std::string& device, AccessRole role) {
  auto out = authority_.issue(device);
  table_->put(entry(out, device, role)).value();
  return out;
}

MqttSettings BrokerTest::settings(const Identity& who, const std::string& client_id) const {
  MqttSettings out;
  out.host = "127.0.0.1";
  out.port = options_.port;
  out.client_id = client_id;
  out.tls = who.tls(authority_.anchors());
  return out;
}

Result<void> BrokerTest::connect_soon(Client& client) {
  auto until = std::chrono::steady_clock::now() + patience;
  while (true) {
    auto connected = client.connect();
    if (connected || std::chrono::steady_clock::now() > until) return connected;
  }
}

bool BrokerTest::log_says(const std::string& words) {
  auto until = std::chrono::steady_clock::now() + patience;
  while (loop_.log.all().find(words) == std::string::npos) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace fairlead::test
