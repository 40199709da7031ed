// SPDX-License-Identifier: Apache-2.0
#include "link/wifi.h"

#include <algorithm>

#include "codec/utf8.h"

namespace fairlead::link {

std::string name_of_network(View ssid) {
  const std::string_view text = as_text(ssid);
  const bool control = std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
  return is_utf8(text) && !control && !text.starts_with("0x") ? std::string(text)
                                                              : "0x" + to_hex(ssid);
}

}  // namespace fairlead::link
