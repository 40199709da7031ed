// SPDX-License-Identifier: Apache-2.0
// Whether the device's clock may judge the dates of certificates (ADR 18).
#pragma once

#include <optional>

#include "device/identity.h"

namespace fairlead::device {

// A clock that is off by less may judge dates.
inline constexpr Duration clock_error_max = std::chrono::hours(24);

// The earliest time that it can be: when this version was made, or what an upstream last said.
Time clock_floor(const std::optional<Identity>& identity);

class ClockJudge {
 public:
  explicit ClockJudge(Clock clock) : clock_(std::move(clock)) {}

  // Not before the floor, and within a day of what the owner said in this run of the program.
  bool plausible(const std::optional<Identity>& identity) const;
  void compare(Time owners);  // the owner's time of a moment ago, proven to be its

 private:
  Clock clock_;
  std::optional<Duration> owner_ahead_;  // of the monotonic clock
};

}  // namespace fairlead::device
