// SPDX-License-Identifier: Apache-2.0
#include "crypto/hkdf.h"

#include "base/assert.h"

namespace fairlead::crypto {

// HMAC pads its key with zeros, so that no salt and a salt of zeros are the same key.
SecretBytes hkdf_extract(HashAlg alg, View salt, View secret) {
  return SecretBytes(hmac(alg, salt, {secret}));
}

SecretBytes hkdf_expand(HashAlg alg, View key, View info, std::size_t size) {
  ASSERT(size <= 255 * size_bytes(alg));
  SecretBytes out(size), block;
  std::uint8_t counter = 0;
  for (std::size_t at = 0; at < size;) {
    ++counter;
    block = SecretBytes(hmac(alg, key, {block.reveal(), info, View(&counter, 1)}));
    const std::size_t more = std::min(block.size(), size - at);
    std::ranges::copy(block.reveal().first(more), out.writable().subspan(at).begin());
    at += more;
  }
  return out;
}

}  // namespace fairlead::crypto
