// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::crypto {

enum class Aead {
  aes128_gcm,
  aes192_gcm,
  aes256_gcm,
  aes128_ccm_64,
  aes256_ccm_64
};  // ccm_64: 7-byte nonce, 16-byte tag

struct AeadSizes {
  std::size_t key, nonce, tag;
};
AeadSizes sizes(Aead alg);

// Result and input carry the tag at their end. A wrong tag is Errc::untrusted and gives no
// plaintext.
Result<Bytes> seal(Aead alg, View key, View nonce, View aad, View plaintext);
Result<Bytes> open(Aead alg, View key, View nonce, View aad, View ciphertext);

}  // namespace fairlead::crypto
