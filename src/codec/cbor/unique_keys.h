// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>

#include "base/assert.h"

namespace fairlead::cbor {

// The keys of one map that were read so far, so that a second one of the same value can be refused
// (RFC 8949 §5.6). Compares values, not encodings: a key in a longer head is still the same key.
// For maps of at most PairsMax pairs; texts are viewed, not copied.
template <std::size_t PairsMax>
class UniqueKeys {
 public:
  bool insert(std::int64_t key) { return add(Key(key)); }  // false if it was there
  bool insert(std::string_view key) { return add(Key(key)); }

 private:
  using Key = std::variant<std::int64_t, std::string_view>;
  bool add(Key key) {
    for (std::size_t i = 0; i < count_; ++i)
      if (keys_[i] == key) return false;
    ASSERT(count_ < PairsMax);  // Reader::map(PairsMax) comes before
    keys_[count_++] = key;
    return true;
  }
  std::array<Key, PairsMax> keys_;
  std::size_t count_ = 0;
};

}  // namespace fairlead::cbor
