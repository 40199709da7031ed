// SPDX-License-Identifier: Apache-2.0
// What strangers may ask of the FDO front, per address and per GUID.
#pragma once

#include "base/log.h"
#include "server/fdo/answer.h"
#include "server/rate_limiter.h"

namespace fairlead::server {

struct FdoRates {
  // Openings of runs (messages 10, 20, 30, 60) and messages with a token that is none. A device
  // opens two runs per onboarding, so that 500 behind one address may start at once.
  Rate per_address{100, 1000};
  // Runs of one GUID, whoever opens them: message 60 costs a signature. Enough that a stranger who
  // knows the GUID leaves some to the device.
  Rate per_guid{10, 100};
  // Lines in the log about what was refused to one address before it proved anything.
  Rate refusals_logged{1, 100};
  // Who comes from this machine is a part of it, or a proxy that everybody comes through and that
  // has limits of its own.
  bool loopback_exempt = true;
};

// Thread-safe.
class FdoLimits {
 public:
  FdoLimits(FdoRates rates, Log& log)
      : loopback_exempt_(rates.loopback_exempt),
        addresses_(rates.per_address),
        guids_(rates.per_guid, runs_of_an_onboarding),
        lines_(rates.refusals_logged),
        log_(log) {}

  // Zero: go ahead. Else come again after that. guid: where the message names one.
  Duration before_opening(const Caller& caller, const std::optional<fdo::Guid>& guid);
  // Whether one more refusal to this address goes into the log.
  bool may_log_refusal(const Caller& caller);

 private:
  // TO1 and TO2. A device that is held up at its second run begins with the first again; told to
  // come as soon as there is room for one, it would never get to the other.
  static constexpr double runs_of_an_onboarding = 2;

  const bool loopback_exempt_;
  RateLimiter addresses_, guids_, lines_;
  Log& log_;
};

}  // namespace fairlead::server
