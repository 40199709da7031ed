// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>

#include "base/random.h"

namespace fairlead::test {

// Gives out what the test put in, in order, piece by piece; then (unless strict) a counted
// sequence.
class ScriptedRandom final : public Random {
 public:
  void push(View bytes) { script_.push_back(to_bytes(bytes)); }
  void fill(std::span<std::uint8_t> out) override;
  bool used_up() const { return script_.empty(); }

 private:
  std::deque<Bytes> script_;
  std::uint64_t counter_ = 0;
};

}  // namespace fairlead::test
