// SPDX-License-Identifier: Apache-2.0
// The Wi-Fi network that a site's devices join: one for each enrolment profile, sealed at rest.
#pragma once

#include "dpp/configuration.h"
#include "keystore/keystore.h"
#include "server/store.h"

namespace fairlead::server {

class WifiNetworks {
 public:
  // Both outlive this. Thread-safe; every call may block.
  WifiNetworks(Store& store, keystore::Keystore& keys) : store_(store), keys_(keys) {}

  // refused: no station could join such a network, see dpp::check(). The profile exists.
  // `with`: what goes into the same transaction.
  Result<void> set(const ProfileId& profile, const dpp::WifiNetwork& network, Time now,
                   registry::Transaction with = {});
  Result<std::optional<dpp::WifiNetwork>> find(const ProfileId& profile);

 private:
  Store& store_;
  keystore::Keystore& keys_;
};

}  // namespace fairlead::server
