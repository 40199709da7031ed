// SPDX-License-Identifier: Apache-2.0
#include "crypto/software_key.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "base/assert.h"
#include "codec/pem.h"
#include "crypto/curve.h"
#include "crypto/openssl.h"

namespace fairlead::crypto {

struct SoftwareKey::Impl {
  PkeyPtr pkey;
  PublicKey public_key;
};

namespace {

const char* curve_name(KeyType type) { return type == KeyType::p384 ? "P-384" : "P-256"; }

Result<std::unique_ptr<SoftwareKey>> adopt(PkeyPtr pkey) {
  unsigned char* der = nullptr;
  int length = pkey ? i2d_PUBKEY(pkey.get(), &der) : -1;
  if (length <= 0)
    return fail(Errc::internal, "private key has no public part: " + openssl_error());
  Owned<unsigned char, [](unsigned char* p) { OPENSSL_free(p); }> owned(der);
  TRY(auto public_key, PublicKey::from_spki(View(der, static_cast<std::size_t>(length))));
  return std::make_unique<SoftwareKey>(std::make_unique<SoftwareKey::Impl>(
      SoftwareKey::Impl{std::move(pkey), std::move(public_key)}));
}

}  // namespace

SoftwareKey::SoftwareKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SoftwareKey::~SoftwareKey() = default;

Result<std::unique_ptr<SoftwareKey>> SoftwareKey::generate(KeyType type) {
  switch (type) {
    case KeyType::p256:
    case KeyType::p384:
      return adopt(PkeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve_name(type))));
    case KeyType::rsa2048:
      return adopt(PkeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048})));
    case KeyType::rsa3072:
      return adopt(PkeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{3072})));
    case KeyType::other:
      break;
  }
  return fail(Errc::unsupported, "keys of this type are not made here");
}

Result<std::unique_ptr<SoftwareKey>> SoftwareKey::from_pkcs8(View der) {
  const unsigned char* at = der.data();
  PkeyPtr pkey(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
  if (!pkey || at != der.data() + der.size()) {
    ERR_clear_error();
    return fail(Errc::malformed, "private key is neither PKCS#8 nor SEC1, or has trailing bytes");
  }
  return adopt(std::move(pkey));
}

Result<std::unique_ptr<SoftwareKey>> SoftwareKey::from_pem(std::string_view text) {
  TRY(auto blocks, pem::decode(text));
  for (const pem::Block& block : blocks)
    if (block.label.ends_with("PRIVATE KEY")) return from_pkcs8(block.content);
  return fail(Errc::malformed, "no PRIVATE KEY block in this PEM text");
}

const PublicKey& SoftwareKey::public_key() const { return impl_->public_key; }

Result<Signature> SoftwareKey::sign(View message) {
  const KeyType type = impl_->public_key.type();
  Bytes digest = hash(hash_for(type), {message});
  PkeyContextPtr context(EVP_PKEY_CTX_new(impl_->pkey.get(), nullptr));
  std::size_t length = static_cast<std::size_t>(EVP_PKEY_get_size(impl_->pkey.get()));
  Bytes out(length);
  if (!context || EVP_PKEY_sign_init(context.get()) != 1 ||
      (!is_ec(type) &&  // to ECDSA the algorithm is but the digest's length
       EVP_PKEY_CTX_set_signature_md(context.get(), md_for(hash_for(type))) != 1) ||
      EVP_PKEY_sign(context.get(), out.data(), &length, digest.data(), digest.size()) != 1)
    return fail(Errc::internal, "signing failed: " + openssl_error());
  out.resize(length);
  if (!is_ec(type)) return Signature{std::move(out)};
  TRY(Bytes raw, ecdsa_der_to_raw(type, out));
  return Signature{std::move(raw)};
}

SecretBytes SoftwareKey::pkcs8() const {
  Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(EVP_PKEY2PKCS8(impl_->pkey.get()));
  ASSERT(info);
  unsigned char* der = nullptr;
  int length = i2d_PKCS8_PRIV_KEY_INFO(info.get(), &der);
  ASSERT(length > 0);
  SecretBytes out = SecretBytes::copy_of(View(der, static_cast<std::size_t>(length)));
  OPENSSL_clear_free(der, static_cast<std::size_t>(length));
  return out;
}

namespace {

Curve curve_of(KeyType type) { return type == KeyType::p384 ? Curve::p384 : Curve::p256; }

EcdhKey ecdh_key(KeyType type, CurveKey key) {
  return {type, std::move(key.scalar), std::move(key.point.x), std::move(key.point.y)};
}

}  // namespace

Result<EcdhKey> generate_ecdh(KeyType curve, Random& random) {
  if (!is_ec(curve)) return fail(Errc::unsupported, "ECDH on P-256 and P-384 only");
  TRY(CurveKey key, generate_curve_key(curve_of(curve), random));
  return ecdh_key(curve, std::move(key));
}

Result<EcdhKey> ecdh_from_scalar(KeyType curve, View scalar) {
  if (!is_ec(curve)) return fail(Errc::unsupported, "ECDH on P-256 and P-384 only");
  TRY(CurveKey key, curve_key_from_scalar(curve_of(curve), scalar));
  return ecdh_key(curve, std::move(key));
}

Result<SecretBytes> ecdh(const EcdhKey& ours, View peer_x, View peer_y) {
  if (!is_ec(ours.curve)) return fail(Errc::unsupported, "ECDH on P-256 and P-384 only");
  if (ours.scalar.size() != coordinate_bytes(ours.curve))
    return fail(Errc::malformed, "ECDH scalar has the wrong length");
  const Curve curve = curve_of(ours.curve);
  TRY(const Bytes peer, uncompressed(curve, peer_x, peer_y).in("ECDH peer"));
  return shared_x(curve, ours.scalar.reveal(), peer).in("ECDH peer");
}

}  // namespace fairlead::crypto
