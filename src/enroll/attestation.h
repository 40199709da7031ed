// SPDX-License-Identifier: Apache-2.0
// Offers that prove that their key lives in a TPM: version 2 of the document
// (docs/wire/enroll.cddl). Who does not care for the proof reads them by decode_offer() as well.
#pragma once

#include <optional>

#include "crypto/tpm_attestation.h"
#include "enroll/documents.h"

namespace fairlead::enroll {

// Version 1's payload, which version 2 holds beside the proof. Its SHA-256 is what the proof's
// statement is made over.
Bytes offer_body(const Offer& offer);
Result<Bytes> encode_attested_offer(View body, const crypto::TpmAttestation& attestation,
                                    crypto::Signer& operational_key);

struct AttestedOffer {
  SignedOffer signed_offer;
  std::optional<crypto::TpmAttestation> attestation;  // none: version 1
  crypto::Sha256 body_hash;
};
// As decode_offer(), of either version. Whether the proof holds is not looked at.
Result<AttestedOffer> decode_attested_offer(View document);

}  // namespace fairlead::enroll
