// SPDX-License-Identifier: Apache-2.0
#include "crypto/system_random.h"

#include <openssl/rand.h>

#include "base/assert.h"

namespace fairlead::crypto {

void SystemRandom::fill(std::span<std::uint8_t> out) {
  if (out.empty()) return;
  ASSERT(RAND_bytes(out.data(), static_cast<int>(out.size())) == 1);
}

}  // namespace fairlead::crypto
