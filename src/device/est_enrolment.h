// SPDX-License-Identifier: Apache-2.0
// The first operational certificate by EST alone (RFC 7030 §4.2.1), for a device that has no
// voucher and nobody beside it: by a one-time password, the credential `est-password`. EST knows
// neither brokers nor topics, so that these stand in the configuration, and no Grant comes.
#pragma once

#include "device/attempt_task.h"
#include "device/config.h"
#include "device/identity.h"
#include "device/initialize.h"

namespace fairlead::device {

// Commits the access that it got; `present` is what the device was before. A key that an earlier
// try made is taken up again, since a one-time password is for one key. Reasons of failure: those
// of a Grant, and station_unset for what is not configured. grant_pending: a person has to approve.
AttemptTask<Identity> enrol_by_est(Workshop workshop, const Config& config,
                                   std::optional<Identity> present, bool clock_plausible);

}  // namespace fairlead::device
