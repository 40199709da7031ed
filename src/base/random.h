// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"

namespace fairlead {

// Where unpredictable bytes come from. Passed in, so that a recorded run can be replayed byte for
// byte.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(
      std::span<std::uint8_t> out) = 0;  // never fails: no randomness is a bug of the system

  Bytes bytes(std::size_t count) {
    Bytes out(count);
    fill(out);
    return out;
  }
  template <class Fixed>
  Fixed draw() {
    Fixed out;
    fill(out.value);
    return out;
  }
};

}  // namespace fairlead
