// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>

#include "broker/certificates.h"
#include "net/test_loop.h"
#include "support/temporary_directory.h"
#include "upstream/access/topics.h"
#include "upstream/broker.h"
#include "upstream/mqtt_session.h"

namespace fairlead::test {

inline constexpr auto patience = std::chrono::seconds(20);

std::uint16_t free_port();

// A session whose events the test can wait for.
class Client {
 public:
  Client(net::LoopThread& loop, upstream::MqttSettings settings);
  ~Client();

  Result<void> connect() { return loop_.await(session_->connect()); }
  Result<void> publish(const std::string& topic, const std::string& payload, bool retain = false);
  Result<void> subscribe(const std::string& filter);
  Result<void> disconnect() { return loop_.await(session_->disconnect()); }
  upstream::LinkState state();
  // The next change to "not connected"; reason none if there was none.
  upstream::LinkState await_end();
  std::optional<upstream::MqttMessage> await_message();
  void drop();  // as if the power went

 private:
  net::LoopThread& loop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<upstream::LinkState> ends_;
  std::deque<upstream::MqttMessage> messages_;
  std::unique_ptr<upstream::MqttSession> session_;
};

class BrokerTest : public ::testing::Test {
 protected:
  BrokerTest();
  ~BrokerTest() override;

  void start();
  upstream::AccessEntry entry(const Identity& who, const std::string& device,
                              upstream::AccessRole role = upstream::AccessRole::device) const;
  Identity admit(const std::string& device,
                 upstream::AccessRole role = upstream::AccessRole::device);
  upstream::MqttSettings settings(const Identity& who, const std::string& client_id) const;
  std::unique_ptr<Client> client(const Identity& who, const std::string& client_id) {
    return std::make_unique<Client>(loop_, settings(who, client_id));
  }
  // Tries until it comes in or `patience` ends: the plugin looks at the table with its own beat.
  Result<void> connect_soon(Client& client);
  bool log_says(const std::string& words);  // waits
  static std::string prefix(const std::string& device) {
    return "fairlead/v1/acme/" + device + "/";
  }

  TemporaryDirectory folder_;
  Authority authority_;
  net::LoopThread loop_;
  upstream::BrokerOptions options_;
  std::unique_ptr<upstream::AccessWriter> table_;
  std::unique_ptr<upstream::Broker> broker_;
};

}  // namespace fairlead::test
