// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.h"

namespace fairlead::fuzz {

// The same values in every run, so that an input fails again the same way.
class CountingRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (auto& byte : out)
      byte = static_cast<std::uint8_t>((++counter_ * 0x9E3779B97F4A7C15ull) >> 56);
  }

 private:
  std::uint64_t counter_ = 0;
};

}  // namespace fairlead::fuzz
