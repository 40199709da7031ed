// SPDX-License-Identifier: Apache-2.0
// How often callers may come, by their address and by who they are: ADR 21.
#pragma once

#include <string>

#include "server/rate_limiter.h"

namespace fairlead::server {

struct CallerRates {
  Rate per_address, per_identity;
  // Lines in the log about what was refused to one address before it proved anything.
  Rate refusals_logged{1, 100};
  // Who comes from this machine is a part of it, or a proxy that everybody comes through and that
  // has limits of its own.
  bool loopback_exempt = true;
};

// Thread-safe. `peer`: an address as text; of an IPv6 address the /64 counts, since one customer
// has all of that.
class CallerLimits {
 public:
  // `visits`: how often an identity has to come for one errand.
  explicit CallerLimits(const CallerRates& rates, double visits = 1)
      : loopback_exempt_(rates.loopback_exempt),
        addresses_(rates.per_address),
        identities_(rates.per_identity, visits),
        lines_(rates.refusals_logged) {}

  bool is_exempt(const std::string& peer) const;
  RateLimiter::Verdict at_address(const std::string& peer, Time now);  // exempt: always welcome
  RateLimiter::Verdict as(std::string_view identity, Time now);
  bool may_log_refusal(const std::string& peer, Time now);

 private:
  const bool loopback_exempt_;
  RateLimiter addresses_, identities_, lines_;
};

}  // namespace fairlead::server
