// SPDX-License-Identifier: Apache-2.0
// Named points on a program's way, for tests that want it to end there as if the power had gone, or
// a step to fail there.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"

namespace fairlead {

// Asked at every point. An error fails the step. Empty: nobody asks. Thread-safe.
using Checkpoint = std::function<Result<void>(std::string_view point)>;
inline Result<void> no_checkpoint(std::string_view) { return ok(); }

// For a program that was started with --allow-fault-injection: logs every point it passes, and
// kills the program (SIGKILL) at the one that is wanted: "NAME", or "NAME:3" when it comes by for
// the third time. Empty: at none. Copies count together; `log` outlives them.
Checkpoint crash_points(std::string_view wanted, Log& log);

}  // namespace fairlead
