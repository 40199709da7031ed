// SPDX-License-Identifier: Apache-2.0
#include "codec/base64.h"

#include <gtest/gtest.h>

namespace fairlead {
namespace {

TEST(Base64, RefusesWhatIsNotStrictlyBase64) {
  for (auto text : {"=", "A", "AA", "AAA", "A===", "AA=A", "AA==AA==", "====", "AAAA=", "AAAA==",
                    "AAAA====", "AA==\n", " AAAA", "AAAA\n", "AA-_", "AA.A", "\xff\xff\xff\xff"})
    EXPECT_FALSE(from_base64(text)) << text;
}

TEST(Base64, RefusesBitsThatAreLeftOver) {
  EXPECT_TRUE(from_base64("Zg=="));
  EXPECT_FALSE(from_base64("Zh=="));  // RFC 4648 §3.5: the same byte in another spelling
  EXPECT_TRUE(from_base64("Zm8="));
  EXPECT_FALSE(from_base64("Zm9="));
  EXPECT_FALSE(from_base64url("Zh"));
}

TEST(Base64Url, RefusesPaddingAndTheOtherAlphabet) {
  for (auto text : {"Zg==", "Zg=", "A", "AAAAA", "+/", "AA A"})
    EXPECT_FALSE(from_base64url(text)) << text;
}

TEST(Base64, MatchesTheVectorsOfRfc4648Section10) {
  struct {
    const char* plain;
    const char* encoded;
  } const cases[] = {{"", ""},
                     {"f", "Zg=="},
                     {"fo", "Zm8="},
                     {"foo", "Zm9v"},
                     {"foob", "Zm9vYg=="},
                     {"fooba", "Zm9vYmE="},
                     {"foobar", "Zm9vYmFy"}};
  for (const auto& c : cases) {
    EXPECT_EQ(to_base64(as_view(c.plain)), c.encoded);
    EXPECT_EQ(from_base64(c.encoded), to_bytes(std::string_view(c.plain)));
  }
}

TEST(Base64, LenientSkipsWhiteSpaceAndNothingElse) {
  EXPECT_EQ(from_base64_lenient(" Zm\r\n9v\tYg=\n=\n"), to_bytes(std::string_view("foob")));
  EXPECT_FALSE(from_base64_lenient("Zm9v\vYg=="));
  EXPECT_FALSE(from_base64_lenient("Zm9v-Yg="));
}

TEST(Base64, RoundTripsEveryByteAtEveryOffset) {
  Bytes bytes;
  for (int i = 0; i < 259; ++i) {
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
    bytes.push_back(static_cast<std::uint8_t>(255 - i));
  }
  EXPECT_EQ(to_base64url(Bytes{0xFB, 0xFF}), "-_8");
}

}  // namespace
}  // namespace fairlead
