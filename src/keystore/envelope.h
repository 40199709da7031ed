// SPDX-License-Identifier: Apache-2.0
// How a keystore seals secrets under an AES-256 key of its own:
//
//   sealed = 01 ‖ nonce (12) ‖ ciphertext ‖ tag (16)       AES-256-GCM
#pragma once

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace fairlead::keystore {

inline constexpr std::size_t envelope_key_bytes = 32;

Result<Bytes> seal_envelope(const SecretBytes& key, View plaintext, Random& random);
// malformed: no envelope. untrusted: changed, or of another key.
Result<SecretBytes> open_envelope(const SecretBytes& key, View sealed);

}  // namespace fairlead::keystore
