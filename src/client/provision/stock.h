// SPDX-License-Identifier: Apache-2.0
// A device with stock firmware of Espressif's: it takes the login of a Wi-Fi network at their
// endpoints (network_scan.proto, network_config.proto), and nothing of ours.
#pragma once

#include "client/provision/provision.h"

namespace fairlead::client {

bool is_stock(const local::Version& version);

// The device's address in the network that it joined, once it says so. What its firmware is weak at
// is told to the bystander. forbidden: a code that is wrong, missing or not asked for, or no
// encryption without leave; conflict: it takes no Wi-Fi network; not_found: it does not find that
// network; unreachable: it went away, or was not done within two minutes.
Answer<std::string> give_wifi(DeviceCarrier& device, const local::Version& version,
                              const Access& access, const WifiWish& wish, Random& random,
                              const Bystander& bystander);

// What it hears, strongest first, at most 64. conflict: its firmware does not list networks.
Answer<std::vector<local::NearbyNetwork>> stock_networks(DeviceCarrier& device,
                                                         const local::Version& version,
                                                         const Access& access, Random& random,
                                                         const Bystander& bystander);

}  // namespace fairlead::client
