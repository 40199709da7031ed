// SPDX-License-Identifier: Apache-2.0
#include "link/gpio/gpio_button.h"

#include <gpiod.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace fairlead::link::gpio {

namespace {

constexpr const char* consumer = "fairlead-device";  // as gpioinfo shows who has the line
constexpr unsigned events_at_once = 16;              // as many as the kernel keeps

struct CloseChip {
  void operator()(gpiod_chip* chip) const { gpiod_chip_close(chip); }  // its lines, too
};
using Chip = std::unique_ptr<gpiod_chip, CloseChip>;

class GpioButton final : public Button {
 public:
  GpioButton(Chip chip, gpiod_line* line) : chip_(std::move(chip)), line_(line) {}
  int descriptor() const override { return gpiod_line_event_get_fd(line_); }
  Result<std::vector<ButtonChange>> changes() override {
    std::array<gpiod_line_event, events_at_once> events;
    const int count = gpiod_line_event_read_multiple(line_, events.data(), events.size());
    if (count < 0) return fail(Errc::io, std::string("the button's line: ") + std::strerror(errno));
    std::vector<ButtonChange> out;
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      out.push_back(
          {event.event_type == GPIOD_LINE_EVENT_RISING_EDGE,
           std::chrono::seconds(event.ts.tv_sec) + std::chrono::nanoseconds(event.ts.tv_nsec)});
    }
    return out;
  }

 private:
  Chip chip_;
  gpiod_line* line_;  // the chip's
};

gpiod_line* find_line(gpiod_chip* chip, const std::string& name) {
  unsigned number = 0;
  const char* end = name.data() + name.size();
  auto read = std::from_chars(name.data(), end, number);
  return read.ec == std::errc{} && read.ptr == end ? gpiod_chip_get_line(chip, number)
                                                   : gpiod_chip_find_line(chip, name.c_str());
}

}  // namespace

Result<std::unique_ptr<Button>> open_gpio_line(const GpioLine& place) {
  const std::string where = "the button's line " + place.line + " of " + place.chip;
  Chip chip(gpiod_chip_open_lookup(place.chip.c_str()));
  if (!chip)
    return fail(errno == ENOENT ? Errc::not_found : Errc::io,
                where + ": " + std::strerror(errno) +
                    (errno == EACCES ? "; the program's user has to be in the group gpio"
                                     : "; `gpiodetect` shows which chips there are"));
  gpiod_line* line = find_line(chip.get(), place.line);
  if (!line)
    return fail(Errc::not_found, where + ": there is none; `gpioinfo` shows which there are");
  const int flags = place.active_low
                        ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW | GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP
                        : GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN;
  if (gpiod_line_request_both_edges_events_flags(line, consumer, flags) != 0)
    return fail(errno == EBUSY ? Errc::busy : Errc::io,
                where + ": " + std::strerror(errno) +
                    (errno == EBUSY ? "; `gpioinfo` shows who has it" : ""));
  return std::make_unique<GpioButton>(std::move(chip), line);
}

}  // namespace fairlead::link::gpio
