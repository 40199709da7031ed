// SPDX-License-Identifier: Apache-2.0
#include "link/button.h"

#include <fcntl.h>
#include <linux/input.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>

namespace fairlead::link {

namespace {

constexpr ButtonTime press_min = std::chrono::milliseconds(50),
                     press_max = std::chrono::seconds(10);
constexpr std::size_t events_at_once = 64;

std::optional<ButtonPlace> parse_gpio(std::string_view text) {
  GpioLine out;
  constexpr std::string_view high = ",active-high";
  if (text.ends_with(high)) {
    out.active_low = false;
    text.remove_suffix(high.size());
  }
  const std::size_t slash = text.rfind('/');
  if (slash == text.npos || text.find(',') != text.npos) return std::nullopt;
  out.chip = text.substr(0, slash);
  out.line = text.substr(slash + 1);
  if (out.chip.empty() || out.line.empty()) return std::nullopt;
  return out;
}

std::optional<ButtonPlace> parse_input(std::string_view text) {
  InputKey out;
  const std::size_t comma = text.rfind(',');
  if (!text.starts_with('/') || comma == text.npos) return std::nullopt;
  out.path = text.substr(0, comma);
  const char* end = text.data() + text.size();
  auto read = std::from_chars(text.data() + comma + 1, end, out.key);
  if (read.ec != std::errc{} || read.ptr != end || out.key == 0 || out.key > KEY_MAX)
    return std::nullopt;
  return out;
}

class EventDevice final : public Button {
 public:
  EventDevice(int descriptor, std::uint16_t key) : descriptor_(descriptor), key_(key) {}
  ~EventDevice() override { ::close(descriptor_); }
  int descriptor() const override { return descriptor_; }
  Result<std::vector<ButtonChange>> changes() override {
    std::array<std::uint8_t, events_at_once * sizeof(input_event)> buffer;
    const ssize_t size = ::read(descriptor_, buffer.data(), buffer.size());
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return std::vector<ButtonChange>{};
    if (size <= 0) return fail(Errc::io, "the input device of the button is gone");
    return changes_in(View(buffer).first(static_cast<std::size_t>(size)), key_);
  }

 private:
  int descriptor_;
  std::uint16_t key_;
};

}  // namespace

std::optional<ButtonPlace> parse_button_place(std::string_view text) {
  constexpr std::string_view gpio = "gpio:", input = "input:";
  if (text.starts_with(gpio)) return parse_gpio(text.substr(gpio.size()));
  if (text.starts_with(input)) return parse_input(text.substr(input.size()));
  return std::nullopt;
}

Result<std::unique_ptr<Button>> open_input_key(const InputKey& key) {
  const int opened = ::open(key.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (opened < 0)
    return fail(errno == ENOENT ? Errc::not_found : Errc::io,
                "the button's input device " + key.path + ": " + std::strerror(errno) +
                    (errno == EACCES ? "; the program's user has to be in the group input" : ""));
  auto out = std::make_unique<EventDevice>(opened, key.key);
  std::array<std::uint8_t, KEY_MAX / 8 + 1> keys{};
  const int clock = CLOCK_MONOTONIC;
  if (::ioctl(opened, EVIOCGBIT(EV_KEY, keys.size()), keys.data()) < 0 ||
      ::ioctl(opened, EVIOCSCLOCKID, &clock) < 0)
    return fail(Errc::refused, key.path + " is no input device");
  if ((keys[key.key / 8] & 1U << key.key % 8) == 0)
    return fail(Errc::refused, key.path + " has no key " + std::to_string(key.key) +
                                   "; `evtest` shows which it has");
  return out;
}

bool ButtonPresses::on(const ButtonChange& change) {
  if (change.down) {
    if (!down_since_) down_since_ = change.at;
    return false;
  }
  if (!down_since_) return false;
  const ButtonTime held = change.at - *down_since_;
  down_since_.reset();
  return held >= press_min && held <= press_max;
}

std::vector<ButtonChange> changes_in(View events, std::uint16_t key) {
  std::vector<ButtonChange> out;
  for (; events.size() >= sizeof(input_event); events = events.subspan(sizeof(input_event))) {
    input_event event;
    std::memcpy(&event, events.data(), sizeof event);
    if (event.type != EV_KEY || event.code != key || (event.value != 0 && event.value != 1))
      continue;
    out.push_back({event.value == 1, std::chrono::seconds(event.input_event_sec) +
                                         std::chrono::microseconds(event.input_event_usec)});
  }
  return out;
}

}  // namespace fairlead::link
