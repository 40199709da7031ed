// SPDX-License-Identifier: Apache-2.0
// Watches the button of the device.
#pragma once

#include <functional>

#include "link/button.h"
#include "net/loop.h"

namespace fairlead::device {

using OpenButton = std::function<Result<std::unique_ptr<link::Button>>(const link::ButtonPlace&)>;

// Until the loop stops. A button that can't be had, or that goes away, is said once, and looked for
// again. Log and loop outlive it.
net::Task<void> watch_button(net::Loop& loop, Log& log, link::ButtonPlace place, OpenButton open,
                             std::function<void()> pressed);

}  // namespace fairlead::device
