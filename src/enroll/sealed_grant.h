// SPDX-License-Identifier: Apache-2.0
// A Grant that only one TPM can open: the second half of the proof that a key lives in it
// (ADR 55). Format: docs/wire/enroll.cddl.
#pragma once

#include "base/random.h"
#include "crypto/tpm_credential.h"

namespace fairlead::enroll {

// For the TPM that has the endorsement key and, by its name, the attestation key.
Result<Bytes> seal_grant(View grant, const crypto::PublicKey& endorsement_key,
                         View attestation_key_name, Random& random);

// Whether a document is not a Grant, but holds one sealed.
bool is_sealed_grant(View document);

struct SealedGrant {
  crypto::TpmCredential credential;  // for TPM2_ActivateCredential
  Bytes nonce, ciphertext;
};
Result<SealedGrant> decode_sealed_grant(View document);
// With the secret that the TPM gave out for the credential. untrusted: it is another one.
Result<Bytes> open_grant(const SealedGrant& sealed, const SecretBytes& secret);

}  // namespace fairlead::enroll
