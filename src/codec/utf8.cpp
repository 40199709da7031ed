// SPDX-License-Identifier: Apache-2.0
#include "codec/utf8.h"

#include "base/log.h"

namespace fairlead {

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    std::size_t length = utf8_sequence(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace fairlead
