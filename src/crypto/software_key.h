// SPDX-License-Identifier: Apache-2.0
// Private keys in memory: the file keystore's back end, ephemeral keys, and tests. Nothing else
// holds one.
#pragma once

#include <memory>

#include "base/random.h"
#include "base/secret.h"
#include "crypto/signer.h"

namespace fairlead::crypto {

class SoftwareKey final : public Signer {
 public:
  static Result<std::unique_ptr<SoftwareKey>> generate(KeyType type);  // OpenSSL's own generator
  static Result<std::unique_ptr<SoftwareKey>> from_pkcs8(View der);    // unencrypted PKCS#8 or SEC1
  static Result<std::unique_ptr<SoftwareKey>> from_pem(
      std::string_view text);  // PRIVATE KEY, EC PRIVATE KEY
  ~SoftwareKey() override;

  const PublicKey& public_key() const override;
  Result<Signature> sign(View message) override;
  SecretBytes pkcs8() const;  // for the keystore that owns it

  struct Impl;
  explicit SoftwareKey(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

class SoftwareHmacKey final : public HmacKey {
 public:
  explicit SoftwareHmacKey(SecretBytes secret) : secret_(std::move(secret)) {}
  Result<Bytes> hmac(HashAlg alg, View message) override {
    return crypto::hmac(alg, secret_.reveal(), {message});
  }

 private:
  SecretBytes secret_;
};

// An ephemeral ECDH key. The scalar can be taken out, because a session may have to continue on
// another node.
struct EcdhKey {
  KeyType curve;
  SecretBytes scalar;  // fixed width, big-endian
  Bytes x, y;          // fixed width
};
Result<EcdhKey> generate_ecdh(KeyType curve, Random& random);
Result<EcdhKey> ecdh_from_scalar(KeyType curve, View scalar);
// The x coordinate of the shared point, fixed width. Refuses points off the curve and at infinity.
Result<SecretBytes> ecdh(const EcdhKey& ours, View peer_x, View peer_y);

}  // namespace fairlead::crypto
