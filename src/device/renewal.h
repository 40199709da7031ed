// SPDX-License-Identifier: Apache-2.0
// Renewal of the operational certificate by EST (RFC 7030 §4.2.2), make before break: a new key
// beside the old one, a certificate for it, a real connection to the broker with both, and only
// then the old ones go. Whatever ends the program in between leaves one pair that works.
#pragma once

#include <optional>

#include "base/log.h"
#include "device/identity.h"
#include "device/initialize.h"

namespace fairlead::device {

// How long from `now` until the certificate is due: two thirds of its life from when the upstream
// gave it, and up to a twelfth more, so that devices that were made together don't come together.
// A clock that can't be right says nothing; then it is due soon, and the answer tells the time.
Duration until_renewal(const Operational& operational, Time now, bool clock_plausible,
                       Random& random);
// After a failure: a twentieth of what is left of its life, within 2 s and an hour, half of it
// random; at least what the upstream asked for.
Duration until_next_try(const Operational& operational, Time now, std::optional<Duration> asked,
                        Random& random);

struct RenewalOutcome {
  std::optional<Identity> renewed;  // committed; else why not
  std::optional<Failure> failure;
  std::optional<Duration> come_again;  // Retry-After of the upstream
  // By the authority, where the clock turned out to be years ahead (ADR 92); also after a failure.
  std::optional<Time> time_told;
};
// Takes up what an earlier run left (key, certificate), and goes on from there. Points asked:
// renewal-key, those of the file `renewal`, renewal-tried, those of the file `identity`.
boost::asio::awaitable<RenewalOutcome> renew(Workshop workshop, Identity identity,
                                             bool clock_plausible);

// Whether an earlier run got a certificate and was cut before it was tried and committed: it may be
// the only one that the broker still takes.
bool is_renewal_staged(const StateDirectory& directory, const Identity& identity);

Result<void> forget_staged_renewal(const StateDirectory& directory);  // no error if there is none

}  // namespace fairlead::device
