// SPDX-License-Identifier: Apache-2.0
// Looks for devices by every way at once: announcements on the interfaces, addresses and ranges
// that a person named.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "client/plan/row.h"
#include "client/scan/address_range.h"
#include "client/scan/sighting.h"

namespace fairlead::tool {

inline constexpr Duration scan_duration_default = std::chrono::seconds(3);

struct ScanOptions {
  bool announcements = true;
  std::vector<std::string> interfaces{};  // empty: all that know multicast, followed as they change
  std::vector<client::HostPort> addresses{};
  std::optional<Duration> duration = scan_duration_default;  // none: until `stop`
};

// At the addresses too that these rows name, unless they were put aside; never more than
// client::range_addresses_max in all.
void look_at_rows(ScanOptions& options, const std::vector<client::Row>& rows);

struct ScanWatch {
  std::function<void(const client::Sighting&)> seen;  // by one thread at a time
  std::function<void(const std::string&)> tell;       // what can't be done, in words
  std::function<bool()> go_on;                        // asked several times a second
};

// Blocks. Announcements are asked for at 0, 1 and 3 s, then every 20 s; addresses once, and while
// the scan goes on every 60 s, or every 3 s where they are 64 or fewer.
void scan(const ScanOptions& options, const ScanWatch& watch);

}  // namespace fairlead::tool
