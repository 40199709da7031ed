// SPDX-License-Identifier: Apache-2.0
// How fdo.wget fetches: on the loop, with the disk's work on a worker.
#pragma once

#include "device/modules/modules.h"
#include "net/loop.h"

namespace fairlead::device {

// From any thread; `loop` outlives the fetches. http and https, the latter trusting the system's
// authorities; an answer other than 200 is io. An hour in all, a minute without a byte: timed_out.
Fetch fetch_with(net::Loop& loop);

}  // namespace fairlead::device
