// SPDX-License-Identifier: Apache-2.0
// A button on a GPIO line, by libgpiod 1.6.
#pragma once

#include "link/button.h"

namespace fairlead::link::gpio {

// not_found: no such chip or line; busy: another program has it; io: with what to do.
Result<std::unique_ptr<Button>> open_gpio_line(const GpioLine& line);

}  // namespace fairlead::link::gpio
