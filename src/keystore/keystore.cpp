// SPDX-License-Identifier: Apache-2.0
#include "keystore/keystore.h"

namespace fairlead::keystore {

Result<void> check_name(const KeyName& name) {
  constexpr std::size_t length_max = 64;
  const std::string& text = name.str();
  bool good = !text.empty() && text.size() <= length_max;
  for (char c : text) good = good && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-');
  if (!good) return fail(Errc::refused, "key name: 1 to 64 of a-z, 0-9 and '-' are allowed");
  return ok();
}

}  // namespace fairlead::keystore
