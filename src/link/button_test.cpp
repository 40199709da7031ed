// SPDX-License-Identifier: Apache-2.0
#include "link/button.h"

#include <gtest/gtest.h>
#include <linux/input.h>

namespace fairlead::link {
namespace {

using std::chrono::milliseconds;

int presses(std::initializer_list<std::pair<bool, int>> changes) {
  ButtonPresses watched;
  int out = 0;
  for (auto [down, at] : changes) out += watched.on({down, milliseconds(at)});
  return out;
}

TEST(ButtonPresses, APressCountsOnceWhateverItsContactsDo) {
  EXPECT_EQ(presses({{true, 0}, {false, 200}}), 1);
  EXPECT_EQ(presses({{true, 0}, {false, 1}, {true, 2}, {false, 3}, {true, 4}, {false, 200}}), 1);
  EXPECT_EQ(
      presses({{true, 0}, {false, 200}, {true, 201}, {false, 202}, {true, 203}, {false, 204}}), 1);
  EXPECT_EQ(presses({{true, 0}, {false, 100}, {true, 400}, {false, 500}}), 2);
}

TEST(ButtonPresses, ASparkAndAJammedButtonAreNone) {
  EXPECT_EQ(presses({{true, 0}, {false, 49}}), 0);
  EXPECT_EQ(presses({{true, 0}, {false, 50}}), 1);
  EXPECT_EQ(presses({{true, 0}, {false, 10'000}}), 1);
  EXPECT_EQ(presses({{true, 0}, {false, 10'001}}), 0);
  EXPECT_EQ(presses({{false, 0}, {false, 100}}), 0);
}

TEST(ButtonPlace, IsALineOrAKeyAndNothingElse) {
  EXPECT_EQ(parse_button_place("gpio:gpiochip0/17"), ButtonPlace(GpioLine{"gpiochip0", "17"}));
  EXPECT_EQ(parse_button_place("gpio:/dev/gpiochip1/WPS,active-high"),
            ButtonPlace(GpioLine{"/dev/gpiochip1", "WPS", false}));
  EXPECT_EQ(parse_button_place("input:/dev/input/event0,148"),
            ButtonPlace(InputKey{"/dev/input/event0", 148}));
  for (auto wrong : {"", "gpio:", "gpio:gpiochip0", "gpio:/17", "gpio:gpiochip0/", "gpio:a/1,low",
                     "input:event0,148", "input:/dev/input/event0", "input:/dev/input/event0,",
                     "input:/dev/input/event0,0", "input:/dev/input/event0,768",
                     "input:/dev/input/event0,1x", "usb:1"})
    EXPECT_FALSE(parse_button_place(wrong)) << wrong;
}

TEST(InputKey, HearsItsOwnKeyOnly) {
  Bytes read;
  auto add = [&](std::uint16_t type, std::uint16_t code, int value, long second) {
    input_event event{};
    event.input_event_sec = second;
    event.type = type;
    event.code = code;
    event.value = value;
    append(read, View(reinterpret_cast<const std::uint8_t*>(&event), sizeof event));
  };
  add(EV_KEY, 148, 1, 1);
  add(EV_SYN, 0, 0, 1);
  add(EV_KEY, 30, 0, 2);
  add(EV_KEY, 148, 2, 3);  // held, and repeated
  add(EV_KEY, 148, 0, 4);
  read.push_back(0);  // never: the kernel gives whole events
  auto changes = changes_in(read, 148);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_TRUE(changes[0].down);
  EXPECT_FALSE(changes[1].down);
  EXPECT_EQ(changes[1].at - changes[0].at, std::chrono::seconds(3));
}

TEST(InputKey, WhatIsNoInputDeviceIsRefusedInWords) {
  EXPECT_EQ(open_input_key({"/dev/null", 148}).error().context, "/dev/null is no input device");
  auto missing = open_input_key({"/dev/input/no-such-button", 148});
  EXPECT_EQ(missing.error().code, Errc::not_found);
}

}  // namespace
}  // namespace fairlead::link
