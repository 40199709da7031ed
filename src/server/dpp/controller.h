// SPDX-License-Identifier: Apache-2.0
// What the Controller of Wi-Fi Easy Connect knows and decides: which device somebody is by its
// label's key, and which network it gets. The exchange itself is dpp::Configurator's, the
// connections are relays.h's.
#pragma once

#include <memory>

#include "base/log.h"
#include "dpp/configurator.h"
#include "dpp/uri.h"
#include "server/audit.h"
#include "server/dpp/wifi_networks.h"
#include "server/profiles.h"
#include "server/rate_limiter.h"

namespace fairlead::server {

struct ControllerKeys {
  // By which relays and devices know this Controller. In the registry, sealed: no keystore computes
  // with points as this protocol wants it.
  crypto::CurveKey bootstrap;
  std::shared_ptr<crypto::Signer> c_sign;  // signs Connectors; access points of a `dpp` network
                                           // have its public part
};
// Made at the first call, the same for every server of a group afterwards.
Result<ControllerKeys> open_controller_keys(keystore::Keystore& keys, Store& store, Random& random);

// Remembers the key of a device's label; its place in the timeline says who did. conflict: it is
// another device's. malformed: the URI can't be read.
Result<void> set_bootstrap_uri(Store& store, const registry::Device& device, std::string_view uri,
                               const Actor& actor, Time now);

class DppController {
 public:
  // All outlive this. Thread-safe; calls may block.
  DppController(ControllerKeys keys, Store& store, WifiNetworks& networks, Log& log);

  struct Known {
    DeviceId device;
    dpp::BootstrapKey key;
  };
  // Whom an exchange would be with. not_found: nobody told us of this key; untrusted: the message
  // is for another Controller; refused: the device is revoked; busy: it tries too often.
  Result<Known> require_device(const dpp::Opening& opening, Time now);
  // What this device gets. refused: its profile has no network, or it asks for more than to be a
  // station.
  Result<std::vector<SecretBytes>> configuration_for(const DeviceId& device,
                                                     const dpp::Configure& asked);
  // Before it is known who it is: a bounded number of lines for each peer.
  void turned_away(const std::string& peer, const Error& why, Time now);
  // What became of it goes into log and timeline.
  void configured(const DeviceId& device, const dpp::Configured& how, const std::string& peer,
                  Time now);
  void failed(const DeviceId& device, const Error& why, const std::string& peer, Time now);

  const crypto::CurveKey& bootstrap() const { return keys_.bootstrap; }
  dpp::BootstrapUri uri() const;  // for devices that start by themselves
  const crypto::PublicKey& c_sign() const { return keys_.c_sign->public_key(); }

 private:
  void tell(const DeviceId& device, const LogEvent& event, Fields fields, Time now);

  const ControllerKeys keys_;
  Store& store_;
  WifiNetworks& networks_;
  Log& log_;
  Profiles profiles_{store_.read()};
  RateLimiter attempts_;   // by key
  RateLimiter strangers_;  // lines about them, by address
};

}  // namespace fairlead::server
