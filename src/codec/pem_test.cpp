// SPDX-License-Identifier: Apache-2.0
#include "codec/pem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "codec/cbor/reader.h"
#include "support/vectors.h"

namespace fairlead::pem {
namespace {

using testing::HasSubstr;

std::string refusal(std::string_view text) {
  auto result = decode(text);
  return result ? "accepted" : result.error().context;
}

TEST(Pem, RefusesABlockWithoutEnd) {
  EXPECT_THAT(refusal("-----BEGIN A-----\nZm9v\n"), HasSubstr("has no end"));
  EXPECT_THAT(refusal("-----BEGIN A-----"), HasSubstr("has no end"));
  EXPECT_THAT(refusal("-----BEGIN A-----\nZm9v\n-----BEGIN A-----\nZm9v\n-----END A-----\n"),
              HasSubstr("has no end"));
}

TEST(Pem, RefusesAForeignOrLoneEnd) {
  EXPECT_THAT(refusal("-----BEGIN A-----\nZm9v\n-----END B-----\n"),
              HasSubstr("'A': ends under another name"));
  EXPECT_THAT(refusal("Zm9v\n-----END A-----\n"), HasSubstr("has no beginning"));
}

TEST(Pem, RefusesBadBase64AndHeaders) {
  EXPECT_THAT(refusal("-----BEGIN A-----\nZm9\n-----END A-----\n"), HasSubstr("is not base64"));
  EXPECT_THAT(refusal("-----BEGIN A-----\nZm9v\n-----END A----\n-----END A-----\n"),
              HasSubstr("is not base64"));
  EXPECT_THAT(refusal("-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\nZm9v\n-----END A-----\n"),
              HasSubstr("has headers"));
}

TEST(Pem, RefusesALabelThatCannotBeShown) {
  EXPECT_THAT(refusal("-----BEGIN A\x1b-----\n-----END A\x1b-----\n"),
              HasSubstr("no proper label"));
  auto with_label = [](std::size_t size) { return encode(std::string(size, 'A'), Bytes{1}); };
  EXPECT_EQ(refusal(with_label(64)), "accepted");
  EXPECT_THAT(refusal(with_label(65)), HasSubstr("no proper label"));
}

TEST(Pem, HoldsItsLimit) {
  std::string text = encode("A", Bytes{1});
  text.resize(limits::pem_bytes_max, ' ');
  EXPECT_TRUE(decode(text));
  text.push_back(' ');
  EXPECT_FALSE(decode(text));
}

TEST(Pem, FindsBlocksAmongOtherText) {
  auto blocks = decode(
      "Bag Attributes: none\n-----BEGIN A B-----\r\nZm9v\r\nYg==\r\n-----END A B-----\r\nmore\n\n"
      "-----BEGIN C-----\n-----END C-----");
  ASSERT_TRUE(blocks);
  ASSERT_EQ(blocks->size(), 2u);
  EXPECT_EQ(blocks->at(0).label, "A B");
  EXPECT_EQ(as_text(blocks->at(0).content), "foob");
  EXPECT_EQ(blocks->at(1).label, "C");
  EXPECT_TRUE(blocks->at(1).content.empty());
  EXPECT_TRUE(decode("")->empty());
  EXPECT_TRUE(decode("no block here")->empty());
}

TEST(Pem, WritesLinesOf64) {
  EXPECT_EQ(encode("A", Bytes(49)),
            "-----BEGIN A-----\n" + std::string(64, 'A') + "\nAA==\n-----END A-----\n");
  EXPECT_EQ(encode("A", {}), "-----BEGIN A-----\n-----END A-----\n");
  for (std::size_t size : {1, 47, 48, 49, 96, 1000})
    EXPECT_EQ(decode(encode("X", Bytes(size, 0x5A)))->at(0).content, Bytes(size, 0x5A));
}

TEST(Pem, ReadsVouchersOfOtherMakers) {
  for (auto name : {"fido-pre-interop.voucher.pem", "go-fdo-ov.pem", "go-fdo-ov_extended.pem",
                    "go-fdo-readme-resale.ov.pem"}) {
    auto blocks = decode(test::read_vector("fdo/foreign/" + std::string(name)));
    ASSERT_TRUE(blocks) << name << ": " << blocks.error().context;
    ASSERT_FALSE(blocks->empty()) << name;
    EXPECT_EQ(blocks->front().label, "OWNERSHIP VOUCHER");
    cbor::Reader voucher(blocks->front().content);
    voucher.skip();
    EXPECT_TRUE(voucher.finish()) << name;
  }
}

}  // namespace
}  // namespace fairlead::pem
