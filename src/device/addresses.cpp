// SPDX-License-Identifier: Apache-2.0
#include "device/addresses.h"

#include "link/interfaces.h"

namespace fairlead::device {

std::set<std::string> network_addresses() {
  std::set<std::string> out;
  auto all = link::interfaces();
  if (!all) return out;
  for (const auto& each : *all) {
    if (each.loopback || !each.running) continue;
    for (const auto& address : each.ipv4) out.insert(each.name + " " + address);
    for (const auto& address : each.ipv6) out.insert(each.name + " " + address);
    if (!each.link_local.empty()) out.insert(each.name + " " + each.link_local);
  }
  return out;
}

}  // namespace fairlead::device
