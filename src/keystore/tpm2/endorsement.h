// SPDX-License-Identifier: Apache-2.0
// What ties keys to one very TPM: its endorsement key, which its maker certified, and the
// statements that it makes about its keys. For the .cpp files of this folder.
#pragma once

#include "keystore/tpm2/bench.h"
#include "keystore/tpm2/tpm.h"

namespace fairlead::keystore::tpm2 {

// From where TCG's EK Credential Profile (2.5, 2.2.1.4) has it: RSA-2048, else P-256.
Result<crypto::Certificate> read_endorsement_certificate(const Bench& bench);

Result<Tpm::Statement> certify(const Bench& bench, const KeyFile& key,
                               const KeyFile& attestation_key, View qualifying);

// untrusted: what was sealed is for another TPM or another attestation key.
Result<SecretBytes> activate(const Bench& bench, const SecretBytes& endorsement_auth,
                             const crypto::Certificate& endorsement, const KeyFile& attestation_key,
                             const crypto::TpmCredential& credential);

}  // namespace fairlead::keystore::tpm2
