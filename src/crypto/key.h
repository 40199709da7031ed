// SPDX-License-Identifier: Apache-2.0
// Public keys and what can be checked with them. OpenSSL stays in the .cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/hash.h"

namespace fairlead::crypto {

enum class KeyType { p256, p384, rsa2048, rsa3072, other };

std::string_view to_string(KeyType type);  // "P-256"
constexpr bool is_ec(KeyType type) { return type == KeyType::p256 || type == KeyType::p384; }
constexpr std::size_t coordinate_bytes(KeyType type) { return type == KeyType::p384 ? 48 : 32; }
// P-256 and RSA-2048 go with SHA-256, P-384 and RSA-3072 with SHA-384.
constexpr HashAlg hash_for(KeyType type) {
  return type == KeyType::p384 || type == KeyType::rsa3072 ? HashAlg::sha384 : HashAlg::sha256;
}

struct Signature {
  Bytes raw;  // ECDSA: r‖s, each padded to the coordinate size (COSE's form); RSA: PKCS#1 v1.5
};

// A value: cheap to copy, immutable, safe to share between threads.
class PublicKey {
 public:
  static Result<PublicKey> from_spki(View der);  // SubjectPublicKeyInfo; limits apply
  static Result<PublicKey> from_point(KeyType curve, View x,
                                      View y);  // shorter coordinates are padded
  static Result<PublicKey> from_uncompressed(KeyType curve, View point);  // 04‖x‖y

  KeyType type() const;
  Bytes spki() const;          // DER
  Bytes point() const;         // 04‖x‖y; empty for RSA
  Sha256 fingerprint() const;  // SHA-256 of spki()

  // Hash and scheme follow the key's type: ES256, ES384, RS256, RS384. false = signature is wrong.
  [[nodiscard]] bool verify(View message, View raw_signature) const;
  [[nodiscard]] bool verify_digest(View digest, View raw_signature) const;
  // X.509's form of the same: ECDSA-Sig-Value in DER.
  [[nodiscard]] bool verify_der(View message, View der_signature) const;

  friend bool operator==(const PublicKey& a, const PublicKey& b);

  struct Impl;
  const Impl& impl() const { return *impl_; }
  explicit PublicKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<const Impl> impl_;
};

// r‖s <-> ECDSA-Sig-Value, for `curve`.
Result<Bytes> ecdsa_der_to_raw(KeyType curve, View der);
Result<Bytes> ecdsa_raw_to_der(KeyType curve, View raw);

}  // namespace fairlead::crypto
