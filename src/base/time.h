// SPDX-License-Identifier: Apache-2.0
// Wall-clock time as a value. The core never asks what time it is; it is told.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace fairlead {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using Duration = std::chrono::milliseconds;

inline std::int64_t to_unix_ms(Time time) { return time.time_since_epoch().count(); }
inline std::int64_t to_unix_seconds(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}
inline Time from_unix_ms(std::int64_t ms) { return Time(std::chrono::milliseconds(ms)); }
inline Time from_unix_seconds(std::int64_t seconds) { return Time(std::chrono::seconds(seconds)); }

std::string to_rfc3339(Time time);                        // 2026-11-24T12:00:00.123Z
std::optional<Time> from_rfc3339(std::string_view text);  // UTC ("Z") only; fraction optional

// What main() hands to those adapters and programs that need the present.
using Clock = std::function<Time()>;
Clock system_clock();

}  // namespace fairlead
