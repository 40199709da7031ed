// SPDX-License-Identifier: Apache-2.0
// One MQTT 5 connection with mutual TLS, for devices and for the server's own clients. libmosquitto
// runs on a thread of the session's own; everything the caller sees happens on the loop.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "net/loop.h"
#include "net/tls.h"

namespace fairlead::upstream {

struct MqttMessage {
  std::string topic;
  std::string payload;
  int qos = 1;
  bool retain = false;
};

struct MqttSettings {
  std::string host;  // name or address, as the broker's certificate has it
  std::uint16_t port = 8883;
  std::string client_id;            // as the Grant says
  net::TlsClient tls;               // trust: anchors and/or system_anchors; other rules are refused
  std::optional<MqttMessage> will;  // sent by the broker when we vanish
  std::chrono::seconds keepalive{60};
  bool clean_start = false;
  std::chrono::seconds session_expiry{7 * 24 * 3600};    // how long the broker keeps our session
  Duration connect_deadline = std::chrono::seconds(20);  // name, TCP, TLS and CONNACK together
  Duration reply_deadline = std::chrono::seconds(15);    // PUBACK, SUBACK
};

// "mqtts://host[:port]" as in a Grant's endpoint. malformed, or unsupported for another scheme.
struct MqttAddress {
  std::string host;  // an IPv6 address without brackets
  std::uint16_t port = 8883;
};
Result<MqttAddress> parse_mqtt_uri(std::string_view uri);

// Why there is no connection (any more). Stored and sent by name.
enum class LinkReason {
  none,
  asked,                // disconnect()
  name_not_found,       // the host has no address
  unreachable,          // no answer, or refused, at TCP
  tls_untrusted,        // the broker's certificate: which authority, which name
  tls_expired,          // the broker's certificate or our clock
  certificate_refused,  // the broker does not accept our certificate
  tls_failed,           // any other end of the handshake
  not_authorised,       // CONNACK 135 and its like: not granted (yet), or revoked
  revoked,              // DISCONNECT 152 or 135 during the connection
  taken_over,           // DISCONNECT 142: somebody else with our client id
  busy,                 // the broker says: unavailable, busy, quota
  timed_out,            // deadline or keep-alive
  lost,                 // the connection broke
  protocol              // anything else that the broker said
};
std::string_view to_string(LinkReason reason);  // "not_authorised"

struct LinkState {
  bool connected = false;
  bool session_present = false;  // the broker kept our subscriptions
  LinkReason reason = LinkReason::none;
  std::string words;  // for a person: "certificate of broker.example is issued by 'CN=Other', ..."
};

struct MqttHandlers {
  std::function<void(const LinkState&)> on_state;  // each change; on the loop's thread
  std::function<void(MqttMessage)> on_message;     // on the loop's thread, in the broker's order
};

class MqttSession {
 public:
  // refused or unsupported when the TLS settings would accept anyone, or have a rule that MQTT does
  // not know. The loop outlives the session.
  static Result<std::unique_ptr<MqttSession>> create(net::Loop& loop, MqttSettings settings,
                                                     MqttHandlers handlers);
  ~MqttSession();  // drops the connection without DISCONNECT: the broker sends the will
  MqttSession(const MqttSession&) = delete;

  // Ends with CONNACK. May be called again after an end; reconnecting is the caller's policy (see
  // reconnect_delay). Errors: not_found (name), io (unreachable, lost), untrusted, expired, refused
  // (not authorised, certificate refused), busy, timed_out. state() has the LinkReason.
  net::Task<void> connect();
  // Ends with PUBACK (at once for QoS 0). refused when the broker says no, busy when 256 wait.
  net::Task<void> publish(MqttMessage message);
  // Ends with SUBACK. refused when the broker says no. `qos` is the most that is delivered.
  net::Task<void> subscribe(std::string filter, int qos);
  // DISCONNECT without the will, and the end of the connection.
  net::Task<void> disconnect();

  LinkState state() const;  // loop thread

  struct Impl;
  explicit MqttSession(std::shared_ptr<Impl> impl);

 private:
  std::shared_ptr<Impl> impl_;  // shared with work that is posted to the loop
};

// How long to wait before the `attempt`-th try (from 0): 1 s, doubling up to `most`, of which a
// random half is taken, so that a fleet does not return all at once. A refusal (not_authorised,
// certificate_refused, revoked) waits from 30 s.
Duration reconnect_delay(LinkReason reason, unsigned attempt, Random& random,
                         Duration most = std::chrono::minutes(5));

}  // namespace fairlead::upstream
