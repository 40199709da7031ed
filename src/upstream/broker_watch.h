// SPDX-License-Identifier: Apache-2.0
// The server's eye on the broker: who is online, as devices' birth messages and last wills say.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/random.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "net/loop.h"
#include "upstream/mqtt_session.h"

namespace fairlead::upstream {

struct Presence {
  AccountId account;  // from the topic, which the broker guards; never from the payload
  DeviceId device;
  bool online = false;
  bool wiped = false;     // and has removed its secrets, as it was told to
  bool retained = false;  // the state as it was when we came, not a change just now
  Time seen{};            // our clock
  std::string instance;   // which run of the device's program says so; "": it doesn't tell
};

// {"state":"online","instance":"9f3c…"}, {"state":"offline"} and {"state":"decommissioned"}; other
// members are ignored. At most
// 4096 bytes, an instance of at most 64. malformed otherwise.
struct PresenceNotice {
  bool online = false, wiped = false;
  std::string instance;
};
Result<PresenceNotice> decode_presence(std::string_view payload);
std::string encode_presence(bool online);
// "fairlead/v1/{account}/{device}/state" of a device whose topic prefix this is.
std::string presence_topic(std::string_view topic_prefix);

// A device was let in with this certificate: what the plugin says to connected_topic.
struct CertificateUse {
  DeviceId device;
  Bytes fingerprint;         // SHA-256 of the certificate
  Time seen{};               // our clock
  std::string address = {};  // where it came from; "" where the broker didn't know
};
// {"device":"d-17","certificate":"<64 hexadecimal digits>","address":"192.0.2.7"}; at most 4096
// bytes. malformed otherwise.
Result<CertificateUse> decode_certificate_use(std::string_view payload);

// Keeps a connection with a service certificate, returns after each loss, and reports. Runs until
// stopped.
class BrokerWatch {
 public:
  using OnPresence = std::function<void(const Presence&)>;  // on the loop's thread
  using OnUse = std::function<void(const CertificateUse&)>;
  // All references outlive the watch. settings.client_id must suit the certificate's entry.
  BrokerWatch(net::Loop& loop, Log& log, Random& random, Clock clock, MqttSettings settings,
              OnPresence on_presence, OnUse on_use = {});
  ~BrokerWatch();
  BrokerWatch(const BrokerWatch&) = delete;

  void start();  // spawns the task
  void stop();
  bool connected() const;
  // Another client certificate and its key, from the next connection on. On the loop's thread.
  void use_identity(std::vector<crypto::Certificate> chain, std::shared_ptr<crypto::Signer> key);
  // On the same connection, for commands to devices (QoS 1). io when not connected.
  net::Task<void> publish(MqttMessage message);

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;  // shared with its task
};

}  // namespace fairlead::upstream
