// SPDX-License-Identifier: Apache-2.0
// The device as Enrollee of Wi-Fi Easy Connect: through the tunnel that a client's session is, and
// over the air, by calling (chirping) for whoever knows its label.
#pragma once

#include <functional>

#include "base/log.h"
#include "device/label_key.h"
#include "device/local_wifi.h"
#include "link/enrollee.h"

namespace fairlead::device {

class LocalEasyConnect {
 public:
  // All outlive it, and all calls are the loop's.
  LocalEasyConnect(net::Loop& loop, Log& log, LocalWifi& wifi,
                   std::unique_ptr<link::Enrollee> enrollee, LabelKey key);

  // The tunnel, with the Configurator whose bootstrapping URI this is; the label's.
  net::Task<std::string> open(std::string configurator);
  // What the Enrollee says within two seconds; empty where it says nothing.
  net::Task<local::answer::Carried> carry(Bytes content);
  // Its end, and the network that came out of it.
  net::Task<local::WifiCredentials> close();
  net::Task<void> drop();

  // Calls as long as `wanted` says so, and joins and keeps the network that somebody gives it for
  // that. Until the loop stops.
  net::Task<void> call_while(std::function<bool()> wanted);

 private:
  net::Task<std::optional<local::WifiCredentials>> received();
  net::Task<void> call();
  net::Task<void> join(local::WifiCredentials network);
  Error failed(std::string_view how, Error why);

  net::Loop& loop_;
  Log& log_;
  LocalWifi& wifi_;
  std::unique_ptr<link::Enrollee> enrollee_;
  LabelKey key_;
  bool calling_ = false;
  std::string complaint_;  // what was said last
};

// Whether this machine has an address by which it could reach anything.
bool has_network();

}  // namespace fairlead::device
