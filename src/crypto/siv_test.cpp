// SPDX-License-Identifier: Apache-2.0
#include "crypto/siv.h"

#include <gtest/gtest.h>

namespace fairlead::crypto {
namespace {

const Bytes key = *from_hex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
const Bytes ad = *from_hex("101112131415161718191a1b1c1d1e1f2021222324252627");
const Bytes plain = *from_hex("112233445566778899aabbccddee");

TEST(Siv, AgreesWithTheRfcOnOneComponent) {  // RFC 5297 A.1
  auto sealed = siv_seal(key, {ad}, plain);
  ASSERT_TRUE(sealed);
  EXPECT_EQ(to_hex(*sealed), "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c");
  EXPECT_EQ(to_hex(siv_open(key, {ad}, *sealed).value()), to_hex(plain));
}

TEST(Siv, AgreesWithTheRfcOnThreeComponents) {  // RFC 5297 A.2
  Bytes other = *from_hex("7f7e7d7c7b7a79787776757473727170404142434445464748494a4b4c4d4e4f");
  Bytes ad1 =
      *from_hex("00112233445566778899aabbccddeeffdeaddadadeaddadaffeeddccbbaa99887766554433221100");
  Bytes ad2 = *from_hex("102030405060708090a0");
  Bytes nonce = *from_hex("09f911029d74e35bd84156c5635688c0");
  auto sealed = siv_seal(other, {ad1, ad2, nonce},
                         as_view("this is some plaintext to encrypt using SIV-AES"));
  ASSERT_TRUE(sealed);
  EXPECT_EQ(
      to_hex(*sealed),
      "7bdb6e3b432667eb06f4d14bff2fbd0fcb900f2fddbe404326601965c889bf17dba77ceb094fa663b7a3f748"
      "ba8af829ea64ad544a272e9c485b62a3fd5c0d");
}

TEST(Siv, AnEmptyComponentCounts) {
  auto with = siv_seal(key, {ad, {}}, plain), without = siv_seal(key, {ad}, plain);
  ASSERT_TRUE(with && without);
  EXPECT_NE(*with, *without);
  EXPECT_TRUE(siv_open(key, {ad, {}}, *with));
  EXPECT_EQ(siv_open(key, {ad}, *with).error().code, Errc::untrusted);
}

TEST(Siv, OpensWithEveryKeySizeAndNothingThatWasChanged) {
  for (std::size_t size : {32, 48, 64}) {
    Bytes longer(size, 7);
    Bytes sealed = siv_seal(longer, {ad}, plain).value();
    EXPECT_TRUE(siv_open(longer, {ad}, sealed));
    for (std::size_t at = 0; at < sealed.size(); ++at) {
      Bytes changed = sealed;
      changed[at] ^= 1;
      EXPECT_FALSE(siv_open(longer, {ad}, changed)) << at;
      EXPECT_FALSE(siv_open(longer, {ad}, View(sealed).first(at))) << at;
    }
  }
}

}  // namespace
}  // namespace fairlead::crypto
