// SPDX-License-Identifier: Apache-2.0
#include "crypto/software_key.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "base/assert.h"
#include "codec/pem.h"
#include "crypto/openssl.h"

namespace fairlead::crypto {

struct SoftwareKey::Impl {
  PkeyPtr pkey;
  PublicKey public_key;
};

namespace {

using BnPtr = Owned<BIGNUM, BN_clear_free>;
using GroupPtr = Owned<EC_GROUP, EC_GROUP_free>;
using PointPtr = Owned<EC_POINT, EC_POINT_free>;

const char* curve_name(KeyType type) { return type == KeyType::p384 ? "P-384" : "P-256"; }

const EC_GROUP* group_of(KeyType curve) {
  static const GroupPtr p256(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  static const GroupPtr p384(EC_GROUP_new_by_curve_name(NID_secp384r1));
  return curve == KeyType::p384 ? p384.get() : p256.get();
}

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
      EVP_PKEY_CTX_set_signature_md(context.get(), md_for(hash_for(type))) != 1 ||
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

Result<EcdhKey> generate_ecdh(KeyType curve, Random& random) {
  const std::size_t width = coordinate_bytes(curve);
  // FIPS 186-5 A.2.2: draw again until the value lies in [1, n-1].
  for (int attempt = 0; attempt < 64; ++attempt) {
    SecretBytes scalar(width);
    random.fill(scalar.writable());
    auto key = ecdh_from_scalar(curve, scalar.reveal());
    if (key) return key;
  }
  return fail(Errc::internal, "the random generator gives no usable scalar");
}

// The EC_POINT arithmetic is not deprecated, and makes a key in a third of the time of EVP's
// generator.
Result<EcdhKey> ecdh_from_scalar(KeyType curve, View scalar) {
  if (!is_ec(curve)) return fail(Errc::unsupported, "ECDH on P-256 and P-384 only");
  const EC_GROUP* group = group_of(curve);
  const std::size_t width = coordinate_bytes(curve);
  BnPtr number(BN_secure_new()), x(BN_new()), y(BN_new());
  PointPtr point(EC_POINT_new(group));
  thread_local Owned<BN_CTX, BN_CTX_free> context(BN_CTX_new());
  if (scalar.size() != width || !BN_bin2bn(scalar.data(), static_cast<int>(width), number.get()) ||
      BN_is_zero(number.get()) || BN_cmp(number.get(), EC_GROUP_get0_order(group)) >= 0)
    return fail(Errc::malformed, "scalar is outside [1, n-1]");
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  EcdhKey out{curve, SecretBytes::copy_of(scalar), Bytes(width), Bytes(width)};
  if (EC_POINT_mul(group, point.get(), number.get(), nullptr, nullptr, context.get()) != 1 ||
      EC_POINT_get_affine_coordinates(group, point.get(), x.get(), y.get(), context.get()) != 1 ||
      BN_bn2binpad(x.get(), out.x.data(), static_cast<int>(width)) < 0 ||
      BN_bn2binpad(y.get(), out.y.data(), static_cast<int>(width)) < 0)
    return fail(Errc::internal, "ECDH key: " + openssl_error());
  return out;
}

Result<SecretBytes> ecdh(const EcdhKey& ours, View peer_x, View peer_y) {
  const std::size_t width = coordinate_bytes(ours.curve);
  TRY(auto peer, PublicKey::from_point(ours.curve, peer_x, peer_y).in("ECDH peer"));
  const EC_GROUP* group = group_of(ours.curve);
  Bytes encoded = peer.point();
  BnPtr number(BN_secure_new()), x(BN_secure_new());
  PointPtr point(EC_POINT_new(group)), shared(EC_POINT_new(group));
  thread_local Owned<BN_CTX, BN_CTX_free> context(BN_CTX_new());
  SecretBytes out(width);
  // EC_POINT_oct2point checks that the point lies on the curve; both curves have cofactor 1, so
  // infinity is the only other thing to refuse.
  bool good =
      BN_bin2bn(ours.scalar.reveal().data(), static_cast<int>(width), number.get()) &&
      EC_POINT_oct2point(group, point.get(), encoded.data(), encoded.size(), context.get()) == 1;
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  good =
      good &&
      EC_POINT_mul(group, shared.get(), nullptr, point.get(), number.get(), context.get()) == 1 &&
      !EC_POINT_is_at_infinity(group, shared.get()) &&
      EC_POINT_get_affine_coordinates(group, shared.get(), x.get(), nullptr, context.get()) == 1 &&
      BN_bn2binpad(x.get(), out.writable().data(), static_cast<int>(width)) >= 0;
  if (!good) {
    ERR_clear_error();
    return fail(Errc::untrusted, "ECDH peer sent an unusable point");
  }
  return out;
}

}  // namespace fairlead::crypto
