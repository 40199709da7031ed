// SPDX-License-Identifier: Apache-2.0
#include "device/clock_judge.h"

#include <algorithm>

#include "base/version.h"

namespace fairlead::device {

namespace {

Duration monotonic() {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace

Time clock_floor(const std::optional<Identity>& identity) {
  Time floor = from_unix_seconds(version_made) - std::chrono::days(1);  // time zones
  if (identity && identity->operational)
    floor = std::max(floor, identity->operational->server_time);
  return floor;
}

bool ClockJudge::plausible(const std::optional<Identity>& identity) const {
  Time now = clock_();
  if (now < clock_floor(identity)) return false;
  if (!owner_ahead_) return true;
  Duration off = now.time_since_epoch() - monotonic() - *owner_ahead_;
  return off < clock_error_max && off > -clock_error_max;
}

void ClockJudge::compare(Time owners) { owner_ahead_ = owners.time_since_epoch() - monotonic(); }

}  // namespace fairlead::device
