// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.h"

namespace fairlead::crypto {

// The operating system's generator through OpenSSL. Thread-safe. Aborts if it fails: nothing may go
// on without.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

}  // namespace fairlead::crypto
