// SPDX-License-Identifier: Apache-2.0
#include "crypto/hash.h"

#include <gtest/gtest.h>

namespace fairlead::crypto {
namespace {

// FIPS 180-4 examples: "abc", and the empty message.
TEST(Hash, KnownAnswers) {
  EXPECT_EQ(sha256(as_view("abc")).hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256({}).hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(hash(HashAlg::sha384, {as_view("abc")})),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
            "8086072ba1e7cc2358baeca134c825a7");
}

TEST(Hash, PartsCountAsOneMessage) {
  for (HashAlg alg : {HashAlg::sha256, HashAlg::sha384}) {
    EXPECT_EQ(hash(alg, {as_view("ab"), {}, as_view("c")}), hash(alg, {as_view("abc")}));
    EXPECT_EQ(hmac(alg, as_view("key"), {as_view("ab"), {}, as_view("c")}),
              hmac(alg, as_view("key"), {as_view("abc")}));
  }
}

// RFC 4231 §4.2 (plain), §4.3 (short key), §4.7 (key longer than a block).
TEST(Hmac, Rfc4231) {
  struct Case {
    Bytes key;
    std::string_view message, sha256, sha384;
  };
  const Case cases[] = {{Bytes(20, 0x0B), "Hi There",
                         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
                         "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
                         "faea9ea9076ede7f4af152e8b2fa9cb6"},
                        {to_bytes("Jefe"), "what do ya want for nothing?",
                         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                         "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
                         "8e2240ca5e69e2c78b3239ecfab21649"},
                        {Bytes(131, 0xAA), "Test Using Larger Than Block-Size Key - Hash Key First",
                         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
                         "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c6"
                         "0c2ef6ab4030fe8296248df163f44952"}};
  for (const Case& each : cases) {
    EXPECT_EQ(to_hex(hmac(HashAlg::sha256, each.key, {as_view(each.message)})), each.sha256);
    EXPECT_EQ(to_hex(hmac(HashAlg::sha384, each.key, {as_view(each.message)})), each.sha384);
  }
}

// A key of exactly one block is used as it is; one byte more is hashed first.
TEST(Hmac, TheKeyIsHashedOnlyBeyondABlock) {
  for (auto [alg, block] : {std::pair{HashAlg::sha256, 64u}, {HashAlg::sha384, 128u}}) {
    Bytes key(block, 0x11);
    EXPECT_NE(hmac(alg, key, {}), hmac(alg, hash(alg, {key}), {}));
    key.push_back(0x11);
    EXPECT_EQ(hmac(alg, key, {}), hmac(alg, hash(alg, {key}), {}));
  }
}

}  // namespace
}  // namespace fairlead::crypto
