// SPDX-License-Identifier: Apache-2.0
#include "server/clone_watch.h"

#include <algorithm>

namespace fairlead::server {

namespace {
constexpr std::size_t sides_max = 4;
constexpr Duration between_reports = std::chrono::hours(1);
}  // namespace

std::string in_words(const ClonePair::Side& side) {
  return side.instance + " from " + (side.address.empty() ? "somewhere" : side.address) + " at " +
         to_rfc3339(side.seen);
}

void CloneWatch::connected(const DeviceId& device, const std::string& address) {
  known_.get(device.str(), {}).address = address;
}

std::optional<ClonePair> CloneWatch::born(const DeviceId& device, const std::string& instance,
                                          Time now) {
  Known& known = known_.get(device.str(), {});
  auto& sides = known.sides;
  auto found = std::ranges::find(sides, instance, &ClonePair::Side::instance);
  const bool returns = found != sides.end() && found != sides.begin();
  if (found != sides.end()) sides.erase(found);
  sides.insert(sides.begin(), ClonePair::Side{instance, known.address, now});
  if (sides.size() > sides_max) sides.pop_back();
  if (!returns || (known.told && now - *known.told < between_reports)) return std::nullopt;
  known.told = now;
  return ClonePair{sides[0], sides[1]};
}

}  // namespace fairlead::server
