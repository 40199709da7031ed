// SPDX-License-Identifier: Apache-2.0
// Asks addresses one by one whether a device in provisioning mode is there, many at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <vector>

#include "client/scan/address_range.h"
#include "client/scan/sighting.h"

namespace fairlead::tool {

inline constexpr std::size_t probes_at_once = 128;
inline constexpr std::chrono::milliseconds probe_limit{1500};

// Blocks until every address was asked, or `stop`. `seen` is called on this thread. Who doesn't
// answer, or not like a device, is passed over: `silent` counts them.
struct Probed {
  std::size_t asked = 0, silent = 0;
};
Probed probe_addresses(const std::vector<client::HostPort>& addresses,
                       const std::atomic<bool>& stop,
                       const std::function<void(const client::Sighting&)>& seen);

}  // namespace fairlead::tool
