// SPDX-License-Identifier: Apache-2.0
// Keys as files: the development default, and what a device without TPM or PKCS#11 has. Whoever can
// read the directory as its owner has the keys; nothing here protects against that.
#pragma once

#include <filesystem>

#include "keystore/backend.h"

namespace fairlead::keystore {

// One file per key, `NAME.key`, and `seal.secret`; a name denotes a signing key or an HMAC key, not
// both. Every change is written beside, synced and moved into place: after a crash it has happened
// or it has not. Thread-safe. Several processes may have the same directory open. A removed file is
// unlinked, not overwritten: flash and journalling file systems make no promise there.
class FileKeystore final : public Keystore {
 public:
  // Makes the directory (0700) and its parents where missing, and clears away what a crash left.
  // refused if the directory or a file in it belongs to another user or can be reached by group or
  // others; io otherwise.
  static Result<std::unique_ptr<FileKeystore>> open(const std::filesystem::path& directory,
                                                    Checkpoint checkpoint = {});
  // As a back end to be chosen: keys are in the directory place.address, or in place.directory.
  static Result<std::unique_ptr<Keystore>> open_place(const Place& place);
  static constexpr Backend backend{"file", open_place};
  ~FileKeystore() override;

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
  std::string_view kind() const override { return "file"; }

  struct Impl;
  explicit FileKeystore(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::keystore
