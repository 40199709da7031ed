// SPDX-License-Identifier: Apache-2.0
// One attempt at a connection, from TCP to its end: libmosquitto on a thread of its own. Used by
// MqttSession only.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "net/tls_context.h"
#include "upstream/mqtt_session.h"

struct mosquitto;
struct mqtt5__property;

namespace fairlead::upstream {

Errc errc_of(LinkReason reason);
// What a CONNACK's or DISCONNECT's reason code (MQTT 5 §3.2.2.2, §3.14.2.1) means for us.
LinkReason reason_of_connack(int code);
LinkReason reason_of_disconnect(int code);

// The TLS side of a link: made before the thread, asked after it.
class MqttTls {
 public:
  static Result<std::unique_ptr<MqttTls>> create(const net::TlsClient& settings,
                                                 const std::string& host);
  MqttTls(const MqttTls&) = delete;

  ssl_ctx_st* context() const { return context_.get(); }
  struct Finding {
    LinkReason reason = LinkReason::none;
    std::string words;
    bool complete = false;  // the handshake; in TLS 1.3 the broker may still refuse us after it
  };
  const Finding& finding() const { return finding_; }

 private:
  friend struct MqttTlsCallbacks;
  MqttTls() = default;
  net::TlsContext context_;
  std::string host_;
  bool host_is_address_ = false;
  Finding finding_;  // written on the link's thread
};

class MqttLink : public std::enable_shared_from_this<MqttLink> {
 public:
  struct Events {  // all on the loop's thread, in this order
    std::function<void(bool session_present)> connected;
    std::function<void(MqttMessage)> message;
    std::function<void(LinkReason, std::string words)> ended;  // the last; always comes
  };
  // `address` is numeric. The events' owner outlives the link or calls abandon().
  static Result<std::shared_ptr<MqttLink>> start(net::Loop& loop, const MqttSettings& settings,
                                                 const std::string& address, Events events);
  ~MqttLink();

  // Loop thread. After this no event comes any more; the thread ends within a moment.
  void abandon();
  void join();  // waits for the thread: at most about 0.1 s after abandon(), or a signature

  // Loop thread. The completion ends with the broker's answer.
  Result<net::Completion> publish(const MqttMessage& message, int& id);
  Result<net::Completion> subscribe(const std::string& filter, int qos, int& id);
  void forget(int id);  // a wait that was given up
  Result<void> disconnect();

 private:
  friend struct MqttCallbacks;
  explicit MqttLink(net::Loop& loop) : loop_(loop) {}
  Result<void> prepare(const MqttSettings& settings);
  int open_connection();
  int await_tcp(int& rc);  // the system's error; rc is the library's
  void run();
  void post(std::function<void(Events&)> call);
  void answer(int id, Result<void> result);
  void deliver(MqttMessage message);
  void finish(int last_error, int system_error);

  net::Loop& loop_;
  std::string address_, label_;
  std::uint16_t port_ = 0;
  int keepalive_ = 60;
  std::uint32_t session_expiry_ = 0;
  std::unique_ptr<MqttTls> tls_;

  std::mutex mutex_;  // guards what follows
  mosquitto* client_ = nullptr;
  std::map<int, net::Completion> waiting_;
  std::size_t undelivered_ = 0;
  std::condition_variable delivered_;

  std::atomic<bool> stop_ = false;
  std::atomic<bool> asked_ = false;
  // Link thread only.
  bool tcp_up_ = false;
  bool connected_ = false;
  LinkReason reason_ = LinkReason::none;
  std::string words_;
  // Loop thread only.
  Events events_;
  bool abandoned_ = false;

  std::thread thread_;
};

}  // namespace fairlead::upstream
