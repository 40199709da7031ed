// SPDX-License-Identifier: Apache-2.0
// A button of the device, as its kernel shows it: a GPIO line (gpio/) or a key of an input device.
//
//   place = "gpio:" CHIP "/" LINE [ ",active-high" ]    ; gpiochip0/17, pinctrl-bcm2835/WPS: number
//   or name
//         / "input:" PATH "," KEY                       ; /dev/input/event0,148: number of the key,
//                                                       ;   as linux/input-event-codes.h has it
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::link {

struct GpioLine {
  std::string chip, line;
  bool active_low = true;  // pressed pulls it to ground; the line is pulled up
  friend bool operator==(const GpioLine&, const GpioLine&) = default;
};
struct InputKey {
  std::string path;
  std::uint16_t key = 0;
  friend bool operator==(const InputKey&, const InputKey&) = default;
};
using ButtonPlace = std::variant<GpioLine, InputKey>;
std::optional<ButtonPlace> parse_button_place(std::string_view text);

using ButtonTime = std::chrono::nanoseconds;  // of the kernel's monotonic clock
struct ButtonChange {
  bool down = false;
  ButtonTime at{};
};

class Button {
 public:
  virtual ~Button() = default;
  virtual int descriptor() const = 0;  // can be read when something happened
  // What has happened, once the descriptor says so. Does not block. io: it is gone.
  virtual Result<std::vector<ButtonChange>> changes() = 0;
};

// not_found, refused, io: what is in the way, and what to do.
Result<std::unique_ptr<Button>> open_input_key(const InputKey& key);

// Tells presses from bouncing contacts and from sparks: down for 50 ms at least, and not jammed (10
// s). A press counts when it ends.
class ButtonPresses {
 public:
  bool on(const ButtonChange& change);  // whether a press has ended

 private:
  std::optional<ButtonTime> down_since_;
};

// What read() of an input device gives, as far as it is about `key`; repeats are passed over.
std::vector<ButtonChange> changes_in(View events, std::uint16_t key);

}  // namespace fairlead::link
