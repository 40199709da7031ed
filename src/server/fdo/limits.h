// SPDX-License-Identifier: Apache-2.0
// What strangers may ask of the FDO front, per address and per GUID.
#pragma once

#include "base/log.h"
#include "server/caller_limits.h"
#include "server/fdo/answer.h"

namespace fairlead::server {

inline constexpr CallerRates fdo_rates{
    // Openings of runs (messages 10, 20, 30, 60) and messages with a token that is none. A device
    // opens two runs per onboarding, so that 500 behind one address may start at once.
    .per_address = {100, 1000},
    // Runs of one GUID, whoever opens them: message 60 costs a signature. Enough that a stranger
    // who knows the GUID leaves some to the device.
    .per_identity = {10, 100}};

// Thread-safe.
class FdoLimits {
 public:
  FdoLimits(const CallerRates& rates, Log& log)
      : limits_(rates, runs_of_an_onboarding), log_(log) {}

  // Zero: go ahead. Else come again after that. guid: where the message names one.
  Duration before_opening(const Caller& caller, const std::optional<fdo::Guid>& guid);
  // Whether one more refusal to this address goes into the log.
  bool may_log_refusal(const Caller& caller) {
    return limits_.may_log_refusal(caller.peer, caller.now);
  }

 private:
  // TO1 and TO2. A device that is held up at its second run begins with the first again; told to
  // come as soon as there is room for one, it would never get to the other.
  static constexpr double runs_of_an_onboarding = 2;

  CallerLimits limits_;
  Log& log_;
};

}  // namespace fairlead::server
