// SPDX-License-Identifier: Apache-2.0
// What some keystores can do besides: say of a key what a stranger believes.
#pragma once

#include "crypto/tpm_attestation.h"
#include "crypto/tpm_credential.h"
#include "keystore/keystore.h"

namespace fairlead::keystore {

// Thread-safe; may block for seconds.
class Attester {
 public:
  virtual ~Attester() = default;
  // That the key lives here, over `qualifying_data` (at most 32 bytes). not_found: the hardware has
  // no certificate of its maker's, or there is no such key.
  virtual Result<crypto::TpmAttestation> attest(const KeyName& key, View qualifying_data) = 0;
  // What was sealed to this hardware and to the key that attests. untrusted: it was to another.
  virtual Result<SecretBytes> open_credential(const crypto::TpmCredential& credential) = 0;
};

// Null for a keystore that can't. Lives as long as the keystore.
Attester* attester_of(Keystore& keystore);

}  // namespace fairlead::keystore
