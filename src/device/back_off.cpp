// SPDX-License-Identifier: Apache-2.0
#include "device/back_off.h"

#include <algorithm>

#include "fdo/rendezvous.h"

namespace fairlead::device {

namespace {
constexpr unsigned doublings_max = 7;
}

Duration back_off(Duration first, unsigned attempts, Duration most, std::uint8_t random_byte) {
  Duration whole = std::min(most, first * (1 << std::min(attempts, doublings_max)));
  auto seconds = std::chrono::ceil<std::chrono::seconds>(whole).count();
  return Duration(fdo::jittered_ms(static_cast<std::uint32_t>(seconds), random_byte));
}

Duration held_off(Duration asked, Duration most, std::uint8_t random_byte) {
  Duration whole = std::min(asked, most);
  return whole + whole / 4 * random_byte / 255;
}

}  // namespace fairlead::device
