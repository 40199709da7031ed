// SPDX-License-Identifier: Apache-2.0
// No machine that builds has a line to press: what is tried here is that it is missed in words.
#include "link/gpio/gpio_button.h"

#include <gtest/gtest.h>

namespace fairlead::link::gpio {
namespace {

TEST(GpioButton, AChipThatIsNotThereIsMissedWithWhatToDo) {
  for (auto chip : {"gpiochip250", "/dev/gpiochip250", "no-such-chip"}) {
    auto button = open_gpio_line({chip, "17"});
    ASSERT_FALSE(button);
    EXPECT_EQ(button.error().code, Errc::not_found) << button.error().context;
    EXPECT_NE(button.error().context.find("gpiodetect"), std::string::npos)
        << button.error().context;
  }
}

}  // namespace
}  // namespace fairlead::link::gpio
