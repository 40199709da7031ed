// SPDX-License-Identifier: Apache-2.0
#include "support/random.h"

#include "base/assert.h"

namespace fairlead::test {

void ScriptedRandom::fill(std::span<std::uint8_t> out) {
  if (!script_.empty()) {
    ASSERT(script_.front().size() ==
           out.size());  // the test's script and the code disagree about what is drawn
    std::ranges::copy(script_.front(), out.begin());
    script_.pop_front();
    return;
  }
  for (auto& byte : out)
    byte = static_cast<std::uint8_t>((++counter_ * 0x9E3779B97F4A7C15ull) >> 56);
}

}  // namespace fairlead::test
