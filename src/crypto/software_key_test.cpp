// SPDX-License-Identifier: Apache-2.0
#include "crypto/software_key.h"

#include <gtest/gtest.h>

#include "codec/pem.h"
#include "crypto/system_random.h"
#include "support/random.h"
#include "support/vectors.h"

namespace fairlead::crypto {
namespace {

const Bytes p256_order =
    *from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

Bytes minus_one(Bytes number) {
  number.back() -= 1;
  return number;
}

TEST(SoftwareKey, WhatIsNoPrivateKeyIsMalformed) {
  auto key = std::move(*SoftwareKey::generate(KeyType::p256));
  SecretBytes der = key->pkcs8();
  for (std::size_t length = 0; length < der.size(); ++length)
    EXPECT_FALSE(SoftwareKey::from_pkcs8(der.reveal().first(length))) << length;
  Bytes longer = to_bytes(der.reveal());
  longer.push_back(0);
  EXPECT_EQ(SoftwareKey::from_pkcs8(longer).error().code, Errc::malformed);
  EXPECT_FALSE(SoftwareKey::from_pkcs8(key->public_key().spki()));
  EXPECT_FALSE(SoftwareKey::from_pem(""));
  EXPECT_FALSE(SoftwareKey::from_pem(pem::encode("PUBLIC KEY", key->public_key().spki())));
  EXPECT_FALSE(SoftwareKey::from_pem(pem::encode("ENCRYPTED PRIVATE KEY", Bytes(64, 1))));
  EXPECT_EQ(SoftwareKey::generate(KeyType::other).error().code, Errc::unsupported);
}

TEST(SoftwareKey, AKeyComesBackFromPkcs8AndPem) {
  for (KeyType type : {KeyType::p256, KeyType::p384, KeyType::rsa2048, KeyType::rsa3072}) {
    auto key = std::move(*SoftwareKey::generate(type));
    EXPECT_EQ(key->public_key().type(), type);
    SecretBytes der = key->pkcs8();
    for (auto& again : {SoftwareKey::from_pkcs8(der.reveal()),
                        SoftwareKey::from_pem(pem::encode("PRIVATE KEY", der.reveal()))}) {
      ASSERT_TRUE(again) << to_string(again.error());
      EXPECT_EQ((*again)->public_key(), key->public_key());
      auto signature = (*again)->sign(as_view("message"));
      ASSERT_TRUE(signature);
      EXPECT_TRUE(key->public_key().verify(as_view("message"), signature->raw));
      EXPECT_FALSE(key->public_key().verify(as_view("massage"), signature->raw));
    }
  }
}

TEST(SoftwareKey, KeysOfAForeignProgramAreRead) {
  auto key = SoftwareKey::from_pem(test::read_vector("fdo/foreign/go-fdo-mfg_key.pem"));
  ASSERT_TRUE(key) << to_string(key.error());
  auto signature = (*key)->sign(as_view("message"));
  ASSERT_TRUE(signature);
  EXPECT_TRUE((*key)->public_key().verify(as_view("message"), signature->raw));
}

// One in 128 has an r or s that begins with a zero byte, so each form of padding is met many times.
TEST(SoftwareKey, TenThousandSignaturesHaveOneLength) {
  auto key = std::move(*SoftwareKey::generate(KeyType::p256));
  int zero_led = 0;
  for (int i = 0; i < 10'000; ++i) {
    Bytes message = to_bytes(std::to_string(i));
    auto signature = key->sign(message);
    ASSERT_TRUE(signature);
    ASSERT_EQ(signature->raw.size(), 64u);
    bool led = signature->raw[0] == 0 || signature->raw[32] == 0;
    zero_led += led ? 1 : 0;
    if (led || i % 16 == 0) ASSERT_TRUE(key->public_key().verify(message, signature->raw)) << i;
  }
  EXPECT_GT(zero_led, 0);
}

TEST(Ecdh, ScalarsOutsideTheGroupAreRefused) {
  Bytes beyond = p256_order;
  beyond.back() += 1;
  for (const Bytes& bad :
       {Bytes(32), p256_order, beyond, Bytes(32, 0xFF), Bytes(31, 1), Bytes(33, 1), Bytes()})
    EXPECT_FALSE(ecdh_from_scalar(KeyType::p256, bad)) << to_hex(bad);
  EXPECT_TRUE(ecdh_from_scalar(KeyType::p256, minus_one(p256_order)));
  EXPECT_EQ(ecdh_from_scalar(KeyType::rsa2048, Bytes(32, 1)).error().code, Errc::unsupported);
}

TEST(Ecdh, AUselessPeerPointIsRefused) {
  SystemRandom random;
  auto ours = std::move(*generate_ecdh(KeyType::p256, random));
  auto peer = std::move(*generate_ecdh(KeyType::p256, random));
  auto other = std::move(*generate_ecdh(KeyType::p384, random));
  Bytes off = peer.y;
  off.back() ^= 1;
  EXPECT_FALSE(ecdh(ours, peer.x, off));
  EXPECT_FALSE(ecdh(ours, {}, {}));
  EXPECT_FALSE(ecdh(ours, Bytes(32), Bytes(32)));
  EXPECT_FALSE(ecdh(ours, other.x, other.y));
  EXPECT_TRUE(ecdh(ours, peer.x, peer.y));
}

// FIPS 186-5 A.2.2: a draw outside [1, n-1] is thrown away, never reduced.
TEST(Ecdh, DrawsOutsideTheGroupAreRepeated) {
  test::ScriptedRandom random;
  random.push(Bytes(32));
  random.push(p256_order);
  random.push(Bytes(32, 0xFF));
  random.push(minus_one(p256_order));
  auto key = generate_ecdh(KeyType::p256, random);
  ASSERT_TRUE(key);
  EXPECT_TRUE(random.used_up());
  EXPECT_TRUE(equal(key->scalar.reveal(), minus_one(p256_order)));
}

TEST(Ecdh, ARandomThatGivesNothingUsableIsAnErrorNotALoop) {
  struct Zeros final : Random {
    void fill(std::span<std::uint8_t> out) override { std::ranges::fill(out, std::uint8_t{0}); }
  } zeros;
  EXPECT_EQ(generate_ecdh(KeyType::p256, zeros).error().code, Errc::internal);
}

TEST(Ecdh, BothSidesComeToTheSameSecret) {
  SystemRandom random;
  for (KeyType curve : {KeyType::p256, KeyType::p384})
    for (int i = 0; i < 50; ++i) {
      auto a = std::move(*generate_ecdh(curve, random));
      auto b = std::move(*generate_ecdh(curve, random));
      auto ab = ecdh(a, b.x, b.y), ba = ecdh(b, a.x, a.y);
      ASSERT_TRUE(ab && ba);
      EXPECT_TRUE(equal(ab->reveal(), ba->reveal()));
      EXPECT_EQ(ab->size(), coordinate_bytes(curve));
    }
}

// {length, x, length, y, length, random}, each length in 16 bits.
std::pair<Bytes, Bytes> point_of(View parameter) {
  std::size_t width = static_cast<std::size_t>(parameter[0] << 8 | parameter[1]);
  return {to_bytes(parameter.subspan(2, width)), to_bytes(parameter.subspan(4 + width, width))};
}

// Among them shared secrets that begin with a zero byte, which has to stay.
TEST(Ecdh, KnownAnswers) {
  auto json = test::read_json_vector("fdo/synthetic/kex_kdf.json");
  int seen = 0, zero_led = 0;
  for (const auto& vector : json.at("vectors").as_array()) {
    const std::string suite = test::text_at(vector, "/suite");
    if (!suite.starts_with("ECDH")) continue;
    ++seen;
    KeyType curve = suite == "ECDH256" ? KeyType::p256 : KeyType::p384;
    auto owner = ecdh_from_scalar(curve, test::hex_at(vector, "/owner_private"));
    auto device = ecdh_from_scalar(curve, test::hex_at(vector, "/device_private"));
    ASSERT_TRUE(owner && device);
    auto [owner_x, owner_y] = point_of(test::hex_at(vector, "/xA"));
    auto [device_x, device_y] = point_of(test::hex_at(vector, "/xB"));
    EXPECT_EQ(owner->x, owner_x);
    EXPECT_EQ(owner->y, owner_y);
    EXPECT_EQ(device->x, device_x);
    Bytes expected = test::hex_at(vector, "/shared_x");
    zero_led += expected[0] == 0 ? 1 : 0;
    auto at_owner = ecdh(*owner, device_x, device_y);
    auto at_device = ecdh(*device, owner_x, owner_y);
    ASSERT_TRUE(at_owner && at_device);
    EXPECT_EQ(to_bytes(at_owner->reveal()), expected);
    EXPECT_EQ(to_bytes(at_device->reveal()), expected);
  }
  EXPECT_EQ(seen, 4);
  EXPECT_EQ(zero_led, 2);
}

TEST(SystemRandomTest, TwoDrawsDiffer) {
  SystemRandom random;
  EXPECT_NE(random.bytes(32), random.bytes(32));
  EXPECT_TRUE(random.bytes(0).empty());
}

}  // namespace
}  // namespace fairlead::crypto
