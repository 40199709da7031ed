// SPDX-License-Identifier: Apache-2.0
// What only one key's TPM can open: TPM2_MakeCredential without a TPM (TPM 2.0 Part 1, 24; the
// secret's exchange by Annexes B.10 and C.6).
#pragma once

#include "base/random.h"
#include "base/secret.h"
#include "crypto/key.h"

namespace fairlead::crypto {

struct TpmCredential {
  Bytes id_object;         // content of the TPM2B_ID_OBJECT
  Bytes encrypted_secret;  // content of the TPM2B_ENCRYPTED_SECRET
};
inline constexpr std::size_t credential_secret_bytes = 32;
inline constexpr std::size_t id_object_bytes_max = 80;
inline constexpr std::size_t encrypted_secret_bytes_max = 256;

// `secret`, of 32 bytes, for TPM2_ActivateCredential with an endorsement key by the default
// template (RSA-2048 or P-256 with SHA-256 and AES-128, TCG EK Credential Profile B.3.3 and B.3.4)
// and the object that has `name`. unsupported: a key of another kind.
Result<TpmCredential> make_tpm_credential(const PublicKey& endorsement_key, View name,
                                          const SecretBytes& secret, Random& random);

}  // namespace fairlead::crypto
