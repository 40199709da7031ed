// SPDX-License-Identifier: Apache-2.0
// The device's life on its upstream: connect with the operational key, say that it is there, and
// report until the connection ends.
#pragma once

#include <memory>

#include "base/log.h"
#include "device/attempt_task.h"
#include "device/identity.h"
#include "upstream/mqtt_session.h"

namespace fairlead::device {

struct LinkSettings {
  std::string firmware;
  std::chrono::seconds telemetry_interval{60};
  bool clock_plausible = true;
  std::string instance = {};  // of this run of the program (docs/wire/mqtt.md); "": not told
};

class UpstreamLink {
 public:
  // All outlive the link. Endpoints are tried in the order of the Grant.
  UpstreamLink(net::Loop& loop, Log& log, keystore::Keystore& keystore, Clock clock,
               const Operational& operational, LinkSettings settings);
  ~UpstreamLink();

  AttemptTask<void> connect();  // until an endpoint took us and our birth message
  // Telemetry until the connection ends, which is a failure that says why, or until `until`.
  AttemptTask<void> serve(std::chrono::steady_clock::time_point until);
  AttemptTask<void> disconnect();  // with an orderly "offline"
  // The upstream has ordered the device to go out of use (docs/wire/mqtt.md); serve() ends with it.
  bool dismissed() const { return dismissed_; }
  AttemptTask<void> say_wiped();  // that it has, and then disconnect
  upstream::LinkReason reason() const { return reason_; }

 private:
  void hear(const upstream::MqttMessage& message);
  AttemptTask<void> leave(std::string last_word);
  AttemptTask<void> connect_to(enroll::Endpoint endpoint, std::shared_ptr<crypto::Signer> key);
  void tell(const LogEvent& event, const upstream::LinkState& state);
  Failure failure_of(const upstream::LinkState& state, const Error& error) const;

  net::Loop& loop_;
  Log& log_;
  keystore::Keystore& keystore_;
  Clock clock_;
  const Operational& operational_;
  LinkSettings settings_;
  enroll::Endpoint endpoint_;
  std::unique_ptr<upstream::MqttSession> session_;
  std::unique_ptr<net::Completion> ended_;
  bool up_ = false, dismissed_ = false;
  upstream::LinkReason reason_ = upstream::LinkReason::none;
};

// What the broker is told: births, wills, telemetry. JSON.
std::string birth_payload(const LinkSettings& settings, Time now);
std::string will_payload();
std::string telemetry_payload(Time now);

}  // namespace fairlead::device
