// SPDX-License-Identifier: Apache-2.0
// Keys in a TPM 2.0. The TPM makes them and wraps them under its storage key; the wrapped keys are
// files, which no other TPM can use and which say nothing without it.
#pragma once

#include "keystore/attester.h"
#include "keystore/backend.h"

namespace fairlead::keystore {

// One file per key, `NAME.key` (tpm2/key_file.h says in which form), `seal.secret` for what
// seal() uses, and `storage-key`. Crash-safe as the file keystore is, by the same Directory.
// Thread-safe. Works beside other users of the TPM: see tpm2/storage_key.h and tpm2/tpm.h.
//
// place.address: how the TPM is reached, as tss2-tctildr reads it ("device:/dev/tpmrm0", which is
// the default; "tabrmd:"; "swtpm:host=127.0.0.1,port=2321"). Credentials, each at most 32
// characters: `tpm2-owner-auth`, where the owner hierarchy has a value and the storage key has to
// be made; `tpm2-key-auth`, wanted for every use of a key made with it; `tpm2-endorsement-auth`,
// where the endorsement hierarchy has a value and a Grant is sealed to the TPM.
class Tpm2Keystore final : public Keystore, public Attester {
 public:
  // io: no TPM there. untrusted: the directory belongs to another TPM, or this one was cleared.
  // refused: an authorisation value is missing or wrong, or the TPM is locked.
  static Result<std::unique_ptr<Keystore>> open(const Place& place);
  static constexpr Backend backend{"tpm2", open};
  ~Tpm2Keystore() override;

  Result<std::unique_ptr<crypto::Signer>> create_key(const KeyName& name,
                                                     crypto::KeyType type) override;
  Result<std::unique_ptr<crypto::Signer>> open_key(const KeyName& name) override;
  Result<std::unique_ptr<crypto::HmacKey>> create_hmac_key(const KeyName& name) override;
  Result<std::unique_ptr<crypto::HmacKey>> open_hmac_key(const KeyName& name) override;
  Result<Bytes> seal(View plaintext) override;
  Result<SecretBytes> unseal(View sealed) override;
  Result<void> rename(const KeyName& from, const KeyName& to) override;
  Result<void> remove(const KeyName& name) override;
  Result<std::vector<KeyName>> list() override;
  std::string_view kind() const override { return "tpm2"; }

  // By an attestation key of this keystore, `attestation.secret`, made at first need.
  Result<crypto::TpmAttestation> attest(const KeyName& key, View qualifying_data) override;
  Result<SecretBytes> open_credential(const crypto::TpmCredential& credential) override;

 private:
  struct Impl;
  explicit Tpm2Keystore(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::keystore
