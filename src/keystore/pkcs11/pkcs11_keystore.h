// SPDX-License-Identifier: Apache-2.0
// Keys in a token behind any PKCS#11 module: an HSM, a smart card, a secure element, SoftHSM.
#pragma once

#include "keystore/backend.h"

namespace fairlead::keystore {

// A key's name is its object's label. Thread-safe, and several calls run at once. For one process
// at a time per token and label prefix: PKCS#11 has no way to keep two programs from giving one
// label twice, which is then refused as a conflict.
//
// place.address: pkcs11/uri.h. Without module-path the module is p11-kit's, which knows all that
// are set up on the machine. The PIN is in the file of pin-source, or in the credential
// `pkcs11-pin`.
class Pkcs11Keystore final : public Keystore {
 public:
  // io: the module can't be loaded, or the token is not there. refused: PIN missing, wrong, locked.
  static Result<std::unique_ptr<Keystore>> open(const Place& place);
  static constexpr Backend backend{"pkcs11", open};
  ~Pkcs11Keystore() override;

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
  std::string_view kind() const override { return "pkcs11"; }

 private:
  struct Impl;
  explicit Pkcs11Keystore(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::keystore
