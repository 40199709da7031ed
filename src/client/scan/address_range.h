// SPDX-License-Identifier: Apache-2.0
// Addresses that a person names, to be asked one by one where no announcement comes through.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/operator/problem.h"

namespace fairlead::client {

inline constexpr std::size_t range_addresses_max = 65'536;
inline constexpr std::uint16_t device_port_default = 8080;

struct HostPort {
  std::string host;  // without brackets; a zone may follow: "fe80::1%eth0"
  std::uint16_t port = device_port_default;
  std::string url() const;  // "http://[fe80::1%eth0]:8080"
};

// ADDRESS | NAME, each with :PORT or without; IPv6 in brackets when a port follows. malformed: not
// so.
Result<HostPort> parse_host_port(std::string_view text);

// IPv4 only: "10.77.0.0/24" (without network and broadcast address), "10.77.0.10-10.77.0.60",
// "10.77.0.7"; each with :PORT or without; several separated by commas. malformed: not so, or more
// than range_addresses_max in all.
Result<std::vector<HostPort>> parse_ranges(std::string_view text);

// All that a person names: `ranges` as above, or "" for none, then single addresses. A usage
// problem says which one is wrong.
Answer<std::vector<HostPort>> places_to_ask(std::string_view ranges,
                                            const std::vector<std::string>& addresses);

}  // namespace fairlead::client
