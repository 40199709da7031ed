// SPDX-License-Identifier: Apache-2.0
#include "crypto/key.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <array>

#include "base/assert.h"
#include "codec/der/reader.h"
#include "codec/der/writer.h"
#include "crypto/curve.h"
#include "crypto/openssl.h"

namespace fairlead::crypto {

namespace {

// SubjectPublicKeyInfo up to and including the BIT STRING's leading count: what stands before
// 04‖x‖y.
constexpr std::uint8_t p256_prefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48,
                                        0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48,
                                        0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
constexpr std::uint8_t p384_prefix[] = {0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2A, 0x86,
                                        0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x05, 0x2B,
                                        0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00};

View prefix_of(KeyType curve) {
  return curve == KeyType::p256 ? View(p256_prefix) : View(p384_prefix);
}

PkeyPtr make_curve_template(const char* name) {
  // Only the parameters of this key are used; a generated one is the shortest supported way to get
  // them.
  return PkeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", name));
}

EVP_PKEY_CTX* verify_context(EVP_PKEY* key, bool ec, HashAlg alg) {
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(key, nullptr);
  if (!context) return nullptr;
  // To ECDSA the algorithm is but the digest's length, for which OpenSSL would look it up each
  // time.
  if (EVP_PKEY_verify_init(context) != 1 ||
      (!ec && EVP_PKEY_CTX_set_signature_md(context, md_for(alg)) != 1)) {
    EVP_PKEY_CTX_free(context);
    return nullptr;
  }
  return context;
}

Result<PublicKey> rsa_from_spki(View der) {
  const unsigned char* at = der.data();
  PkeyPtr pkey(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!pkey || at != der.data() + der.size()) {
    ERR_clear_error();
    return fail(Errc::malformed, "public key can't be decoded");
  }
  if (EVP_PKEY_get_base_id(pkey.get()) != EVP_PKEY_RSA)
    return fail(Errc::unsupported, "public key is neither EC P-256, P-384 nor RSA");
  int bits = EVP_PKEY_get_bits(pkey.get());
  if (bits < 2048 || bits > 4096)
    return fail(Errc::unsupported, "RSA key of " + std::to_string(bits) + " bits");
  KeyType type = bits == 2048 ? KeyType::rsa2048 : bits == 3072 ? KeyType::rsa3072 : KeyType::other;
  return PublicKey(
      std::make_shared<PublicKey::Impl>(PublicKey::Impl{type, to_bytes(der), {}, std::move(pkey)}));
}

// Keys of owners, makers and authorities come again and again, those of devices hardly ever: each
// key has one place in a small table of its thread, so that few of the many evict one of the few.
// Importing a key takes 8 µs.
class RecentKeys {
 public:
  std::shared_ptr<const PublicKey::Impl> find(KeyType curve, View point) const {
    const auto& known = places_[place_of(point)];
    return known && known->type == curve && equal(known->point, point) ? known : nullptr;
  }
  void put(std::shared_ptr<const PublicKey::Impl> key) {
    auto& place = places_[place_of(key->point)];
    place = std::move(key);
  }

 private:
  static std::size_t place_of(View point) { return point.size() > 1 ? point[1] % 16 : 0; }
  std::array<std::shared_ptr<const PublicKey::Impl>, 16> places_;
};

RecentKeys& recent_keys() {
  thread_local RecentKeys keys;
  return keys;
}

}  // namespace

std::string_view to_string(KeyType type) {
  switch (type) {
    case KeyType::p256:
      return "P-256";
    case KeyType::p384:
      return "P-384";
    case KeyType::rsa2048:
      return "RSA-2048";
    case KeyType::rsa3072:
      return "RSA-3072";
    case KeyType::other:
      return "other";
  }
  return "other";
}

const EVP_PKEY* curve_template(KeyType curve) {
  static const PkeyPtr p256 = make_curve_template("P-256");
  static const PkeyPtr p384 = make_curve_template("P-384");
  return curve == KeyType::p384 ? p384.get() : p256.get();
}

PkeyPtr pkey_from_point(KeyType curve, View point) {
  // The provider takes the one-byte point at infinity for a key; we don't.
  if (point.size() != 1 + 2 * coordinate_bytes(curve) || point[0] != 0x04) return nullptr;
  PkeyPtr key(EVP_PKEY_new());
  if (!key || EVP_PKEY_copy_parameters(key.get(), curve_template(curve)) != 1 ||
      EVP_PKEY_set1_encoded_public_key(key.get(), point.data(), point.size()) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  return key;
}

bool verify_openssl(const PublicKey::Impl& key, HashAlg alg, View digest, View signature) {
  if (digest.size() != size_bytes(alg)) return false;
  PkeyContextPtr context(verify_context(key.pkey.get(), is_ec(key.type), alg));
  bool good = context && EVP_PKEY_verify(context.get(), signature.data(), signature.size(),
                                         digest.data(), digest.size()) == 1;
  if (!good) ERR_clear_error();
  return good;
}

Result<PublicKey> PublicKey::from_spki(View der) {
  for (KeyType curve : {KeyType::p256, KeyType::p384}) {
    View prefix = prefix_of(curve);
    if (der.size() == prefix.size() + 1 + 2 * coordinate_bytes(curve) &&
        equal(der.first(prefix.size()), prefix))
      return from_uncompressed(curve, der.subspan(prefix.size()));
  }
  if (der.size() > 2048) return fail(Errc::malformed, "public key is too long");
  return rsa_from_spki(der);
}

Result<PublicKey> PublicKey::from_uncompressed(KeyType curve, View point) {
  if (auto known = recent_keys().find(curve, point)) return PublicKey(std::move(known));
  PkeyPtr pkey = pkey_from_point(curve, point);
  if (!pkey)
    return fail(Errc::malformed, "public key is not a point on " + std::string(to_string(curve)));
  Bytes spki = to_bytes(prefix_of(curve));
  append(spki, point);
  auto made =
      std::make_shared<const Impl>(Impl{curve, std::move(spki), to_bytes(point), std::move(pkey)});
  recent_keys().put(made);
  return PublicKey(std::move(made));
}

Result<PublicKey> PublicKey::from_point(KeyType curve, View x, View y) {
  if (!is_ec(curve)) return fail(Errc::unsupported, "curve is neither P-256 nor P-384");
  TRY(const Bytes point, uncompressed(curve == KeyType::p384 ? Curve::p384 : Curve::p256, x, y));
  return from_uncompressed(curve, point);
}

KeyType PublicKey::type() const { return impl_->type; }
Bytes PublicKey::spki() const { return impl_->spki; }
Bytes PublicKey::point() const { return impl_->point; }
Sha256 PublicKey::fingerprint() const { return sha256(impl_->spki); }

bool PublicKey::verify(View message, View raw_signature) const {
  return verify_digest(hash(hash_for(impl_->type), {message}), raw_signature);
}

bool PublicKey::verify_digest(View digest, View raw_signature) const {
  if (!is_ec(impl_->type))
    return verify_openssl(*impl_, hash_for(impl_->type), digest, raw_signature);
  auto der = ecdsa_raw_to_der(impl_->type, raw_signature);
  return der && verify_openssl(*impl_, hash_for(impl_->type), digest, *der);
}

bool PublicKey::verify_der(View message, View der_signature) const {
  return verify_openssl(*impl_, hash_for(impl_->type), hash(hash_for(impl_->type), {message}),
                        der_signature);
}

bool operator==(const PublicKey& a, const PublicKey& b) { return a.impl_->spki == b.impl_->spki; }

Result<Bytes> ecdsa_der_to_raw(KeyType curve, View der) {
  const std::size_t width = coordinate_bytes(curve);
  der::Reader outer(der);
  der::Reader in = outer.enter(der::sequence);
  View r = in.unsigned_integer(width), s = in.unsigned_integer(width);
  TRY_VOID(in.finish().in("ECDSA signature"));
  TRY_VOID(outer.finish().in("ECDSA signature"));
  Bytes raw(2 * width);
  std::ranges::copy(r, raw.begin() + static_cast<std::ptrdiff_t>(width - r.size()));
  std::ranges::copy(s, raw.begin() + static_cast<std::ptrdiff_t>(2 * width - s.size()));
  return raw;
}

Result<Bytes> ecdsa_raw_to_der(KeyType curve, View raw) {
  const std::size_t width = coordinate_bytes(curve);
  if (raw.size() != 2 * width) return fail(Errc::malformed, "ECDSA signature has the wrong length");
  return der::sequence_of(
      {der::unsigned_integer(raw.first(width)), der::unsigned_integer(raw.subspan(width))});
}

}  // namespace fairlead::crypto
