// SPDX-License-Identifier: Apache-2.0
#include "device/addresses.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>

#include "base/bytes.h"

namespace fairlead::device {

std::set<std::string> network_addresses() {
  std::set<std::string> out;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return out;
  for (auto* each = all; each; each = each->ifa_next) {
    if (!each->ifa_addr || (each->ifa_flags & IFF_LOOPBACK) || !(each->ifa_flags & IFF_RUNNING))
      continue;
    auto* bytes = reinterpret_cast<const std::uint8_t*>(each->ifa_addr);
    std::size_t size = each->ifa_addr->sa_family == AF_INET    ? 16
                       : each->ifa_addr->sa_family == AF_INET6 ? 28
                                                               : 0;
    if (size > 0) out.insert(std::string(each->ifa_name) + to_hex(View(bytes, size)));
  }
  ::freeifaddrs(all);
  return out;
}

}  // namespace fairlead::device
