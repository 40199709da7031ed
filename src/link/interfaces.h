// SPDX-License-Identifier: Apache-2.0
// The network interfaces of this machine, as they are now.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace fairlead::link {

struct Interface {
  std::string name;
  unsigned index = 0;
  std::array<std::uint8_t, 6> mac{};    // zeros where it has none
  std::vector<std::string> ipv4, ipv6;  // numeric; ipv6 without those below
  std::string link_local;               // fe80::..., without zone; empty: none yet
  bool running = false;                 // up, with a carrier
  bool loopback = false;
};

Result<std::vector<Interface>> interfaces();

// Which of these one hears that listens on this address: "::%eth0", "fe80::1%eth0", "10.0.0.1",
// "::". Without loopback, unless it is named.
std::vector<Interface> interfaces_of(const std::string& address, const std::vector<Interface>& all);

// Whether any network leads beyond itself, by IPv4 or IPv6.
bool has_default_route();

}  // namespace fairlead::link
