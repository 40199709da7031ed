// SPDX-License-Identifier: Apache-2.0
// Keys of a token in use. For the .cpp files of this folder.
#pragma once

#include <memory>

#include "crypto/signer.h"
#include "keystore/pkcs11/objects.h"

namespace fairlead::keystore::pkcs11 {

std::unique_ptr<crypto::Signer> make_signer(std::shared_ptr<Token> token, Bytes id,
                                            crypto::PublicKey public_key);
std::unique_ptr<crypto::HmacKey> make_hmac_handle(std::shared_ptr<Token> token, Bytes id);

//   sealed = 02 ‖ nonce (12) ‖ ciphertext ‖ tag (16)       AES-256-GCM, in the token
Result<Bytes> seal(Session& session, CK_OBJECT_HANDLE key, View plaintext, View nonce);
// malformed: not of this form. untrusted: changed, or of another key.
Result<SecretBytes> unseal(Session& session, CK_OBJECT_HANDLE key, View sealed);
inline constexpr std::size_t seal_nonce_bytes = 12;

}  // namespace fairlead::keystore::pkcs11
