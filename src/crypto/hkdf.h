// SPDX-License-Identifier: Apache-2.0
// HKDF (RFC 5869).
#pragma once

#include "base/secret.h"
#include "crypto/hash.h"

namespace fairlead::crypto {

// §2.2; an empty salt stands for one hash of zeros.
SecretBytes hkdf_extract(HashAlg alg, View salt, View secret);
// §2.3; size_bytes is at most 255 hashes.
SecretBytes hkdf_expand(HashAlg alg, View key, View info, std::size_t size_bytes);

}  // namespace fairlead::crypto
