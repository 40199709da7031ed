// SPDX-License-Identifier: Apache-2.0
#include "server/rate_limiter.h"

#include <algorithm>
#include <cmath>

namespace fairlead::server {

namespace {
constexpr Duration between_lines = std::chrono::minutes(1);
constexpr double rounding = 1e-6;  // of the arithmetic, so that a whole millisecond stays one
}  // namespace

RateLimiter::Verdict RateLimiter::take(std::string_view key, Time now) {
  if (rate_.per_second <= 0) return {};
  std::lock_guard lock(mutex_);
  Bucket& bucket = buckets_.get(key, {rate_.burst, now, {}});
  // A clock that was set back fills nothing, and takes nothing away.
  double seconds = std::max(0.0, static_cast<double>((now - bucket.filled).count()) / 1000);
  bucket.tokens = std::min(rate_.burst, bucket.tokens + seconds * rate_.per_second);
  bucket.filled = now;
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return {};
  }
  double wanted = std::min(worth_coming_for_, std::max(1.0, rate_.burst));
  double wait_ms = std::ceil((wanted - bucket.tokens) / rate_.per_second * 1000 - rounding);
  bool worth_a_line = now - bucket.told >= between_lines;
  if (worth_a_line) bucket.told = now;
  return {Duration(static_cast<std::int64_t>(wait_ms)), worth_a_line};
}

}  // namespace fairlead::server
