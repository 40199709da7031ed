// SPDX-License-Identifier: Apache-2.0
#include "crypto/aead.h"

#include <gtest/gtest.h>

#include "codec/cose.h"
#include "support/vectors.h"

namespace fairlead::crypto {
namespace {

constexpr Aead all[] = {Aead::aes128_gcm, Aead::aes192_gcm, Aead::aes256_gcm, Aead::aes128_ccm_64,
                        Aead::aes256_ccm_64};

struct Sample {
  Aead alg;
  Bytes key = Bytes(sizes(alg).key, 0x42), nonce = Bytes(sizes(alg).nonce, 0x24),
        aad = to_bytes("header");
  Bytes sealed(View plaintext) const { return *seal(alg, key, nonce, aad, plaintext); }
  Result<Bytes> opened(View sealed) const { return open(alg, key, nonce, aad, sealed); }
};

void expect_untrusted(const Result<Bytes>& result) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::untrusted);
}

TEST(Aead, ABitChangedAnywhereIsRefused) {
  for (Aead alg : all) {
    Sample sample{alg};
    Bytes sealed = sample.sealed(as_view("seventeen bytes!!"));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
      Bytes changed = sealed;
      changed[i] ^= 0x80;
      expect_untrusted(sample.opened(changed));
    }
    for (Bytes Sample::* part : {&Sample::key, &Sample::nonce, &Sample::aad}) {
      Sample other = sample;
      (other.*part)[0] ^= 1;
      expect_untrusted(other.opened(sealed));
    }
    Sample no_aad = sample;
    no_aad.aad.clear();
    expect_untrusted(no_aad.opened(sealed));
  }
}

// The tag alone must be checked too: with nothing to decrypt OpenSSL takes other paths.
TEST(Aead, AnEmptyMessageIsAuthenticatedToo) {
  for (Aead alg : all) {
    for (bool with_aad : {true, false}) {
      Sample sample{alg};
      if (!with_aad) sample.aad.clear();
      Bytes sealed = sample.sealed({});
      EXPECT_EQ(sealed.size(), sizes(alg).tag);
      auto opened = sample.opened(sealed);
      ASSERT_TRUE(opened);
      EXPECT_TRUE(opened->empty());
      for (std::size_t i = 0; i < sealed.size(); ++i) {
        Bytes changed = sealed;
        changed[i] ^= 1;
        expect_untrusted(sample.opened(changed));
      }
      Sample other = sample;
      other.key[0] ^= 1;
      EXPECT_NE(other.sealed({}), sealed);
    }
  }
}

TEST(Aead, WhatIsShorterThanATagOrHasAnotherNonceIsMalformed) {
  for (Aead alg : all) {
    Sample sample{alg};
    for (std::size_t length = 0; length < sizes(alg).tag; ++length) {
      auto opened = sample.opened(Bytes(length));
      ASSERT_FALSE(opened);
      EXPECT_EQ(opened.error().code, Errc::malformed);
    }
    Bytes sealed = sample.sealed(as_view("x"));
    for (std::size_t length : {std::size_t{0}, sizes(alg).nonce - 1, sizes(alg).nonce + 1}) {
      sample.nonce.resize(length);
      EXPECT_EQ(sample.opened(sealed).error().code, Errc::malformed);
    }
  }
}

TEST(Aead, AMessageComesBackAsItWas) {
  for (Aead alg : all) {
    Sample sample{alg};
    for (std::size_t length : {1u, 15u, 16u, 17u, 1300u, 65535u}) {
      Bytes plaintext(length, 0x5A);
      Bytes sealed = sample.sealed(plaintext);
      EXPECT_EQ(sealed.size(), length + sizes(alg).tag);
      auto opened = sample.opened(sealed);
      ASSERT_TRUE(opened);
      EXPECT_EQ(*opened, plaintext);
    }
  }
}

// The context is kept per thread: one cipher's failure must not colour the next one's answer.
TEST(Aead, CiphersMayAlternate) {
  Bytes expected[std::size(all)];
  for (std::size_t i = 0; i < std::size(all); ++i)
    expected[i] = Sample{all[i]}.sealed(as_view("message"));
  for (int round = 0; round < 3; ++round)
    for (std::size_t i = 0; i < std::size(all); ++i) {
      Sample sample{all[i]};
      expect_untrusted(sample.opened(Bytes(40)));
      EXPECT_EQ(sample.sealed(as_view("message")), expected[i]);
      EXPECT_TRUE(sample.opened(expected[i]));
    }
}

// McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 4, 10 and 16.
TEST(Aead, GcmKnownAnswers) {
  const Bytes key = *from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  const Bytes nonce = *from_hex("cafebabefacedbaddecaf888");
  const Bytes aad = *from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const Bytes plaintext = *from_hex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
  const std::pair<Aead, std::string_view> answers[] = {
      {Aead::aes128_gcm,
       "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
       "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
       "5bc94fbc3221a5db94fae95ae7121a47"},
      {Aead::aes192_gcm,
       "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c"
       "7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710"
       "2519498e80f1478f37ba55bd6d27618c"},
      {Aead::aes256_gcm,
       "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
       "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
       "76fc6ece0f4e1768cddf8853bb2d551b"}};
  for (auto [alg, answer] : answers) {
    auto sealed = seal(alg, View(key).first(sizes(alg).key), nonce, aad, plaintext);
    ASSERT_TRUE(sealed);
    EXPECT_EQ(to_hex(*sealed), answer);
  }
}

// What a device that nobody here wrote encrypted, and what its server answered: both ways, byte for
// byte.
TEST(Aead, RecordedOnboardingsDecryptAndEncryptAgain) {
  const std::pair<std::string, Aead> recordings[] = {{"ecdsa256_gcm", Aead::aes128_gcm},
                                                     {"ecdsa384_gcm", Aead::aes256_gcm},
                                                     {"ecdsa256_ccm", Aead::aes128_ccm_64},
                                                     {"ecdsa384_ccm", Aead::aes256_ccm_64}};
  for (const auto& [name, alg] : recordings) {
    SCOPED_TRACE(name);
    auto json = test::read_json_vector("fdo/transcripts/" + name + ".json");
    Bytes key = test::hex_at(json, "/to2/sek");
    int seen = 0;
    for (const auto& message : test::recorded_messages(json)) {
      if (message.plaintext.empty()) continue;
      ++seen;
      auto cose = cose::decode_encrypt0(message.body);
      ASSERT_TRUE(cose) << to_string(cose.error());
      Bytes aad = cose::encrypt0_aad(cose->protected_bytes);
      auto plaintext = open(alg, key, cose->iv, aad, cose->ciphertext);
      ASSERT_TRUE(plaintext) << "message " << message.type;
      EXPECT_EQ(*plaintext, message.plaintext);
      EXPECT_EQ(*seal(alg, key, cose->iv, aad, message.plaintext), to_bytes(cose->ciphertext));
    }
    EXPECT_GE(seen, 6);
  }
}

}  // namespace
}  // namespace fairlead::crypto
