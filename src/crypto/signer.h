// SPDX-License-Identifier: Apache-2.0
// All that the rest may know of a private key, wherever it lives: file, TPM 2.0, PKCS#11.
#pragma once

#include "crypto/key.h"

namespace fairlead::crypto {

// Called by drivers, never inside a machine: a call may block for as long as the hardware takes.
// Thread-safe: sign() may be called from several worker threads at once.
class Signer {
 public:
  virtual ~Signer() = default;
  virtual const PublicKey& public_key() const = 0;
  virtual Result<Signature> sign(View message) = 0;  // hash and scheme follow the key's type
};

// The HMAC secret of a device, by handle.
class HmacKey {
 public:
  virtual ~HmacKey() = default;
  virtual Result<Bytes> hmac(HashAlg alg, View message) = 0;  // may block
};

}  // namespace fairlead::crypto
