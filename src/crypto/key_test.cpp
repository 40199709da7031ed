// SPDX-License-Identifier: Apache-2.0
#include "crypto/key.h"

#include <gtest/gtest.h>

#include "codec/der/writer.h"
#include "crypto/certificate.h"
#include "crypto/software_key.h"
#include "support/vectors.h"

namespace fairlead::crypto {
namespace {

Bytes hex(std::string_view text) { return *from_hex(text); }

// RFC 6979 §A.2.5 and §A.2.6, message "sample", with the hash that goes with the curve.
struct Known {
  KeyType curve;
  Bytes x, y, r, s;
  PublicKey key() const { return *PublicKey::from_point(curve, x, y); }
  Bytes raw() const {
    Bytes out = r;
    append(out, s);
    return out;
  }
};

const Known p256{KeyType::p256,
                 hex("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"),
                 hex("7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"),
                 hex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"),
                 hex("f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8")};
const Known p384{KeyType::p384,
                 hex("ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64"
                     "def8f0ea9055866064a254515480bc13"),
                 hex("8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1"
                     "288b231c3ae0d4fe7344fd2533264720"),
                 hex("94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c"
                     "81a648152e44acf96e36dd1e80fabe46"),
                 hex("99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f"
                     "a329c145786e679e7b82c71a38628ac8")};

TEST(PublicKey, APointOffTheCurveIsRefusedInEveryForm) {
  for (const Known* known : {&p256, &p384}) {
    Bytes y = known->y;
    y.back() ^= 1;
    EXPECT_EQ(PublicKey::from_point(known->curve, known->x, y).error().code, Errc::malformed);
    Bytes spki = known->key().spki();
    spki.back() ^= 1;
    EXPECT_EQ(PublicKey::from_spki(spki).error().code, Errc::malformed);
    EXPECT_FALSE(PublicKey::from_point(known->curve, {}, {}));  // (0, 0)
    EXPECT_FALSE(
        PublicKey::from_point(known->curve, Bytes(coordinate_bytes(known->curve), 0xFF), known->y));
  }
}

TEST(PublicKey, InfinityAndCompressedPointsAreRefused) {
  for (const Known* known : {&p256, &p384}) {
    const std::size_t width = coordinate_bytes(known->curve);
    EXPECT_FALSE(PublicKey::from_uncompressed(known->curve, Bytes{0x00}));
    EXPECT_FALSE(PublicKey::from_uncompressed(known->curve, Bytes(1 + 2 * width, 0x00)));
    EXPECT_FALSE(PublicKey::from_uncompressed(known->curve, {}));
    Bytes compressed{static_cast<std::uint8_t>(0x02 | (known->y.back() & 1))};
    append(compressed, known->x);
    EXPECT_FALSE(PublicKey::from_uncompressed(known->curve, compressed));
    Bytes hybrid = known->key().point();
    hybrid[0] = static_cast<std::uint8_t>(0x06 | (known->y.back() & 1));
    EXPECT_FALSE(PublicKey::from_uncompressed(known->curve, hybrid));
    // The same inside a SubjectPublicKeyInfo: OpenSSL's own decoder would take them.
    Bytes algorithm = der::sequence_of(
        {der::object_identifier("1.2.840.10045.2.1"),
         der::object_identifier(known->curve == KeyType::p256 ? "1.2.840.10045.3.1.7"
                                                              : "1.3.132.0.34")});
    for (const Bytes& point : {compressed, hybrid, Bytes{0x00}})
      EXPECT_FALSE(PublicKey::from_spki(der::sequence_of({algorithm, der::bit_string_of(point)})));
    Bytes good = known->key().point();
    EXPECT_TRUE(PublicKey::from_spki(der::sequence_of({algorithm, der::bit_string_of(good)})));
  }
}

TEST(PublicKey, APointOfTheOtherCurveIsRefused) {
  EXPECT_FALSE(PublicKey::from_point(KeyType::p256, p384.x, p384.y));
  EXPECT_FALSE(PublicKey::from_point(KeyType::p384, p256.x, p256.y));
  EXPECT_EQ(PublicKey::from_point(KeyType::rsa2048, p256.x, p256.y).error().code,
            Errc::unsupported);
}

TEST(PublicKey, EveryTruncationAndATrailingByteOfAnSpkiAreRefused) {
  auto rsa = SoftwareKey::generate(KeyType::rsa2048);
  for (const Bytes& spki : {p256.key().spki(), p384.key().spki(), (*rsa)->public_key().spki()}) {
    for (std::size_t length = 0; length < spki.size(); ++length)
      EXPECT_FALSE(PublicKey::from_spki(View(spki).first(length))) << length;
    Bytes longer = spki;
    longer.push_back(0);
    EXPECT_FALSE(PublicKey::from_spki(longer));
    auto again = PublicKey::from_spki(spki);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->spki(), spki);
  }
  EXPECT_EQ(PublicKey::from_spki(Bytes(2049, 0x30)).error().code, Errc::malformed);
}

TEST(PublicKey, OtherKindsOfKeysAreUnsupported) {
  // Ed25519 (RFC 8410 §10.1).
  auto ed25519 = PublicKey::from_spki(hex(
      "302a300506032b657003210019bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1"));
  ASSERT_FALSE(ed25519);
  EXPECT_EQ(ed25519.error().code, Errc::unsupported);
}

TEST(PublicKey, ShortCoordinatesArePaddedAndLongOnesOfZerosAreCut) {
  // The key with the scalar that the loop finds has an x that begins with a zero byte.
  for (KeyType curve : {KeyType::p256, KeyType::p384}) {
    const std::size_t width = coordinate_bytes(curve);
    Bytes scalar(width);
    for (int n = 1; n < 5000; ++n) {
      scalar[width - 2] = static_cast<std::uint8_t>(n >> 8);
      scalar[width - 1] = static_cast<std::uint8_t>(n);
      auto key = *ecdh_from_scalar(curve, scalar);
      ASSERT_EQ(key.x.size(), width);
      if (key.x[0] != 0) continue;
      auto whole = PublicKey::from_point(curve, key.x, key.y);
      auto cut = PublicKey::from_point(curve, View(key.x).subspan(1), key.y);
      Bytes longer{0};
      append(longer, key.x);
      auto padded = PublicKey::from_point(curve, longer, key.y);
      ASSERT_TRUE(whole && cut && padded);
      EXPECT_EQ(*whole, *cut);
      EXPECT_EQ(*whole, *padded);
      EXPECT_EQ(whole->point().size(), 1 + 2 * width);
      EXPECT_EQ(*PublicKey::from_spki(cut->spki()), *whole);
      break;
    }
  }
  Bytes too_long{1};
  append(too_long, p256.x);
  EXPECT_FALSE(PublicKey::from_point(KeyType::p256, too_long, p256.y));
}

TEST(Verify, KnownAnswers) {
  for (const Known* known : {&p256, &p384}) {
    PublicKey key = known->key();
    EXPECT_TRUE(key.verify(as_view("sample"), known->raw()));
    EXPECT_FALSE(key.verify(as_view("Sample"), known->raw()));
    EXPECT_TRUE(key.verify_digest(hash(hash_for(known->curve), {as_view("sample")}), known->raw()));
    EXPECT_TRUE(key.verify_der(as_view("sample"), *ecdsa_raw_to_der(known->curve, known->raw())));
  }
}

TEST(Verify, AnyChangedBitIsRefused) {
  PublicKey key = p256.key();
  const Bytes raw = p256.raw();
  for (std::size_t i = 0; i < raw.size() * 8; ++i) {
    Bytes changed = raw;
    changed[i / 8] ^= static_cast<std::uint8_t>(1 << i % 8);
    EXPECT_FALSE(key.verify(as_view("sample"), changed)) << "bit " << i;
  }
}

TEST(Verify, ARawSignatureOfAnotherLengthIsRefused) {
  PublicKey key = p256.key();
  const Bytes raw = p256.raw();
  for (std::size_t length = 0; length < raw.size(); ++length)
    EXPECT_FALSE(key.verify(as_view("sample"), View(raw).first(length)));
  Bytes longer = raw;
  longer.push_back(0);
  EXPECT_FALSE(key.verify(as_view("sample"), longer));
  longer.insert(longer.begin(), 0);
  longer.pop_back();
  EXPECT_FALSE(key.verify(as_view("sample"), longer));
  EXPECT_FALSE(key.verify(as_view("sample"),
                          *ecdsa_raw_to_der(KeyType::p256, raw)));  // DER where raw belongs
  EXPECT_FALSE(key.verify_der(as_view("sample"), raw));
}

TEST(Verify, ZeroAndOrderAreNoSignature) {
  PublicKey key = p256.key();
  const Bytes order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const Bytes zero(32);
  for (const Bytes* r : {&zero, &order, &p256.r})
    for (const Bytes* s : {&zero, &order, &p256.s}) {
      if (r == &p256.r && s == &p256.s) continue;
      Bytes raw = *r;
      append(raw, *s);
      EXPECT_FALSE(key.verify(as_view("sample"), raw));
    }
}

TEST(Verify, ADigestOfAnotherLengthIsRefused) {
  PublicKey key = p256.key();
  EXPECT_FALSE(key.verify_digest({}, p256.raw()));
  Bytes digest = hash(HashAlg::sha256, {as_view("sample")});
  digest.push_back(0);  // ECDSA would cut it to the curve's size
  EXPECT_FALSE(key.verify_digest(digest, p256.raw()));
}

TEST(Verify, DerSignaturesMustBeDer) {
  PublicKey key = p256.key();
  Bytes der = *ecdsa_raw_to_der(KeyType::p256, p256.raw());
  Bytes trailing = der;
  trailing.push_back(0);
  EXPECT_FALSE(key.verify_der(as_view("sample"), trailing));
  Bytes long_length = der;  // 30 81 len: BER, not DER
  long_length.insert(long_length.begin() + 1, 0x81);
  EXPECT_FALSE(key.verify_der(as_view("sample"), long_length));
  for (std::size_t length = 0; length < der.size(); ++length)
    EXPECT_FALSE(key.verify_der(as_view("sample"), View(der).first(length)));
}

TEST(EcdsaForm, RawAndDerGoToAndFro) {
  for (KeyType curve : {KeyType::p256, KeyType::p384}) {
    const std::size_t width = coordinate_bytes(curve);
    for (std::uint8_t top : Bytes{0x00, 0x01, 0x7F, 0x80, 0xFF}) {
      Bytes raw(2 * width, 0x11);
      raw[0] = top;
      raw[width] = static_cast<std::uint8_t>(top ^ 0x80);
      auto der = ecdsa_raw_to_der(curve, raw);
      ASSERT_TRUE(der);
      auto back = ecdsa_der_to_raw(curve, *der);
      ASSERT_TRUE(back);
      EXPECT_EQ(*back, raw);
    }
    Bytes small(2 * width);
    small[width - 1] = 1;
    small[2 * width - 1] = 2;
    EXPECT_EQ(to_hex(*ecdsa_raw_to_der(curve, small)), "3006020101020102");
    EXPECT_EQ(*ecdsa_der_to_raw(curve, hex("3006020101020102")), small);
  }
}

TEST(EcdsaForm, WhatIsNotStrictDerIsMalformed) {
  for (std::string_view bad :
       {"", "30", "3000", "3003020101", "300602010102010200", "30070201010202000a",
        "3006020181020102", "300602010102010203", "308106020101020102", "30080201010201020500"}) {
    auto raw = ecdsa_der_to_raw(KeyType::p256, hex(bad));
    ASSERT_FALSE(raw) << bad;
    EXPECT_EQ(raw.error().code, Errc::malformed);
  }
  EXPECT_FALSE(ecdsa_der_to_raw(KeyType::p256, *ecdsa_raw_to_der(KeyType::p384, p384.raw())));
}

TEST(Verify, RsaSignaturesOfOpenSslAreTaken) {
  auto root = Certificate::from_pem(test::read_vector("pki/rsa-root.pem"));
  ASSERT_TRUE(root);
  EXPECT_EQ(root->front().public_key().type(), KeyType::rsa2048);
  EXPECT_TRUE(root->front().signed_by(root->front().public_key()));
  EXPECT_FALSE(root->front().public_key().verify(as_view("sample"), Bytes(256)));
  EXPECT_FALSE(root->front().public_key().verify(as_view("sample"), {}));
}

}  // namespace
}  // namespace fairlead::crypto
