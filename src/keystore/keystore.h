// SPDX-License-Identifier: Apache-2.0
// The port behind which private keys live. Names in, handles out; a private key never comes up
// through here. Back ends: file/ now; TPM 2.0 and PKCS#11 fit the same calls (sign, derive, HMAC,
// seal: all by handle).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "base/strong_id.h"
#include "crypto/signer.h"

namespace fairlead::keystore {

using KeyName =
    StrongId<struct KeyNameTag>;  // [a-z0-9-]{1,64}: "device", "device-hmac", "operational"

// refused, with the rule in words, unless the name is [a-z0-9-]{1,64}. Every back end asks this
// first.
Result<void> check_name(const KeyName& name);

class Keystore {
 public:
  virtual ~Keystore() = default;

  // Makes a key and makes it durable before it returns. conflict if the name is taken.
  virtual Result<std::unique_ptr<crypto::Signer>> create_key(const KeyName& name,
                                                             crypto::KeyType type) = 0;
  virtual Result<std::unique_ptr<crypto::Signer>> open_key(const KeyName& name) = 0;  // not_found

  virtual Result<std::unique_ptr<crypto::HmacKey>> create_hmac_key(const KeyName& name) = 0;
  virtual Result<std::unique_ptr<crypto::HmacKey>> open_hmac_key(const KeyName& name) = 0;

  // Secrets of ours at rest (network profiles, tokens): only this keystore can open them again.
  virtual Result<Bytes> seal(View plaintext) = 0;
  virtual Result<SecretBytes> unseal(View sealed) = 0;

  virtual Result<void> rename(const KeyName& from, const KeyName& to) = 0;  // atomic; replaces `to`
  virtual Result<void> remove(const KeyName& name) = 0;  // no error if it isn't there
  virtual Result<std::vector<KeyName>> list() = 0;

  virtual std::string_view kind() const = 0;  // "file": shown to people, recorded in the Offer
};

}  // namespace fairlead::keystore
