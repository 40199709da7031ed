// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/bytes.h"

namespace fairlead::crypto {

// AES-256-CTR as one endless key stream, taken byte by byte over any number of calls. Protects
// nothing against change: for protocols that are given only.
class KeyStream {
 public:
  KeyStream(View key, View initial_block);  // 32 and 16 bytes
  ~KeyStream();
  KeyStream(KeyStream&&) noexcept;
  KeyStream& operator=(KeyStream&&) noexcept;

  Bytes apply(View text);  // encrypts or decrypts: the same

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::crypto
