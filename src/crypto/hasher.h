// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "crypto/hash.h"

namespace fairlead::crypto {

// A hash of what comes in parts, for content that is not held in memory.
class Hasher {
 public:
  explicit Hasher(HashAlg alg);
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  void add(View part);
  Bytes finish();  // once; nothing may be added afterwards

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::crypto
