// SPDX-License-Identifier: Apache-2.0
// The proof that a key lives in a TPM 2.0, as the device sends it and as anybody checks it: no TPM
// is needed here. It has two links. That the key is in the TPM of an attestation key, the TPM says
// itself (TPM2_Certify); that this attestation key is in the TPM of an endorsement key shows who
// can open what was sealed to both (tpm_credential.h).
#pragma once

#include <vector>

#include "crypto/certificate.h"

namespace fairlead::crypto {

struct TpmAttestation {
  std::vector<Certificate> endorsement;  // the endorsement key's certificate, then its issuers'
  Bytes attestation_key;                 // TPMT_PUBLIC: P-256, signs what its TPM says
  Bytes key;                             // TPMT_PUBLIC of the key that the proof is about
  Bytes statement;                       // TPMS_ATTEST by TPM2_Certify
  Bytes signature;                       // r‖s over it by the attestation key
};
inline constexpr std::size_t endorsement_chain_max = 4;

// The first link: `key` was made in the TPM of the attestation key and can't leave it, and that TPM
// said so over `qualifying_data`. untrusted, with what is wrong; malformed; unsupported.
Result<void> check_tpm_statement(const TpmAttestation& attestation, const PublicKey& key,
                                 View qualifying_data);

// That a certificate is for an endorsement key (TCG EK Credential Profile for TPM 2.0, 2.5, §3): of
// a kind that a credential can be made for, and for that use alone. Who issued it is another
// question. untrusted, expired, unsupported.
Result<void> check_endorsement_certificate(const Certificate& certificate, Time now);

// Name of an object (TPM 2.0 Part 1, 16): the hash algorithm's number, and the hash of its
// TPMT_PUBLIC, by SHA-256.
Bytes tpm_name_of(View tpmt_public);

}  // namespace fairlead::crypto
