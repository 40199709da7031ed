// SPDX-License-Identifier: Apache-2.0
// How a device without a voucher comes to an upstream that a person chose for it: it sends its
// Offer there and takes the Grant that an operator lets it have (docs/wire/asking.md).
#pragma once

#include "device/attempt_task.h"
#include "device/local_offer.h"
#include "device/upstream_candidates.h"

namespace fairlead::device {

// One question. The identity that it returns is committed. Trust comes with the choice: whoever
// holds the key that the person saw says whose key signs Grants. grant_pending: somebody has to
// decide there first; come again.
AttemptTask<Identity> ask_for_grant(Workshop shop, LocalFacts facts,
                                    std::optional<Identity> identity, UpstreamCandidates::Try at,
                                    bool clock_plausible);

}  // namespace fairlead::device
