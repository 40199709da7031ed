// SPDX-License-Identifier: Apache-2.0
// How often one caller may do something: a bucket of tokens for each key, filled at a steady rate.
#pragma once

#include <mutex>

#include "base/time.h"
#include "server/recent_keys.h"

namespace fairlead::server {

struct Rate {
  double per_second = 0;  // 0: without limit
  double burst = 1;       // what a full bucket holds
};

// Thread-safe. Forgetting a key gives it a full bucket again: a flood from more addresses than
// `keys_max` is not held up here, but by the bounds on connections, queue and sessions.
class RateLimiter {
 public:
  // `worth_coming_for`: tokens that a caller needs one after the other to get anywhere; who waited
  // as told finds that many, or as many as a bucket holds.
  explicit RateLimiter(Rate rate, double worth_coming_for = 1, std::size_t keys_max = 50'000)
      : rate_(rate), worth_coming_for_(worth_coming_for), buckets_(keys_max) {}

  struct Verdict {
    Duration wait{};  // zero: go ahead, a token is taken; else when it is worth coming again
    bool worth_a_line = false;  // held up, and nothing was said of this key for a minute
  };
  Verdict take(std::string_view key, Time now);

 private:
  struct Bucket {
    double tokens = 0;
    Time filled{}, told{};
  };
  const Rate rate_;
  const double worth_coming_for_;
  std::mutex mutex_;
  RecentKeys<Bucket> buckets_;
};

}  // namespace fairlead::server
