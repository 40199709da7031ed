// SPDX-License-Identifier: Apache-2.0
// What a keystore asks of a TPM, each as one call that leaves nothing behind in the TPM: load, do,
// flush. A TPM that is busy is asked again for some seconds; a connection that was lost (the
// resource manager was restarted, the TPM reset) is made anew and the call repeated once.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "crypto/certificate.h"
#include "crypto/signer.h"
#include "crypto/tpm_credential.h"
#include "keystore/tpm2/key_file.h"

namespace fairlead::keystore::tpm2 {

class Connection;

// Authorisation values, each at most 32 bytes; empty: none.
struct Authorisation {
  SecretBytes owner;             // of the owner hierarchy; needed once, to make the storage key
  SecretBytes key;               // of our own keys
  SecretBytes endorsement = {};  // of that hierarchy; to open what was sealed to the TPM
};

// Thread-safe: calls wait for each other, since a TPM does one thing at a time.
class Tpm {
 public:
  // `known`: as find_storage_key (storage_key.h). `tcti`: as Connection::open.
  static Result<std::shared_ptr<Tpm>> open(std::string tcti, Authorisation authorisation,
                                           std::optional<StorageKeyId> known);
  ~Tpm();

  const StorageKeyId& storage_key() const { return storage_key_; }

  Result<KeyFile> create_signing_key(crypto::KeyType type);  // unsupported: the TPM lacks the curve
  Result<KeyFile> create_hmac_key();
  Result<KeyFile> seal(View secret);  // at most 128 bytes, by the TPM's own limit

  // For statements about other keys: certify() below.
  Result<KeyFile> create_attestation_key();

  // refused where the authorisation value is missing or wrong, or the TPM is locked; untrusted
  // where the key was made by another TPM.
  Result<void> try_out(const KeyFile& key);  // it loads
  Result<crypto::Signature> sign(const KeyFile& key, crypto::KeyType type, View digest);
  Result<Bytes> hmac(const KeyFile& key, crypto::HashAlg alg, View message);
  Result<SecretBytes> unseal(const KeyFile& key);

  // What the TPM's maker wrote about its endorsement key: RSA-2048 or P-256. not_found: nothing.
  Result<crypto::Certificate> endorsement_certificate();
  struct Statement {
    Bytes statement;  // TPMS_ATTEST
    crypto::Signature signature;
  };
  // That this TPM has `key`, over at most 32 bytes of the caller's.
  Result<Statement> certify(const KeyFile& key, const KeyFile& attestation_key, View qualifying);
  // What was sealed to the endorsement key of that certificate and to the attestation key.
  Result<SecretBytes> activate(const crypto::Certificate& endorsement,
                               const KeyFile& attestation_key,
                               const crypto::TpmCredential& credential);

 private:
  struct Impl;
  Tpm(std::unique_ptr<Impl> impl, StorageKeyId storage_key);

  std::unique_ptr<Impl> impl_;
  StorageKeyId storage_key_;
};

}  // namespace fairlead::keystore::tpm2
