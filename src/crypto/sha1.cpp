// SPDX-License-Identifier: Apache-2.0
#include "crypto/sha1.h"

#include "base/assert.h"
#include "crypto/openssl.h"

namespace fairlead::crypto {

Bytes sha1_identifier(View data) {
  Bytes out(20);
  unsigned length = 0;
  bool good = EVP_Digest(data.data(), data.size(), out.data(), &length, EVP_sha1(), nullptr) == 1;
  ASSERT(good && length == out.size());
  return out;
}

}  // namespace fairlead::crypto
