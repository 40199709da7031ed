// SPDX-License-Identifier: Apache-2.0
#include "dpp/attributes.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "dpp/frames.h"

namespace fairlead::dpp {
namespace {

Bytes hex(std::string_view text) { return *from_hex(text); }

TEST(DppAttributes, AreFoundBySizeAndValue) {
  auto in = decode_attributes(hex("001001000005100200abcd"));
  ASSERT_TRUE(in) << to_string(in.error());
  EXPECT_EQ(in->status().value(), Status::ok);
  EXPECT_TRUE(in->require(Attribute::initiator_nonce, 2));
  EXPECT_EQ(in->require(Attribute::initiator_nonce, 3).error().code, Errc::malformed);
  EXPECT_EQ(in->require(Attribute::enrollee_nonce).error().code, Errc::malformed);
}

TEST(DppAttributes, AreRefusedWhereTheyDontEnd) {
  EXPECT_TRUE(decode_attributes({}));
  Bytes good = hex("0010010000");
  for (std::size_t length = 1; length < good.size(); ++length)
    EXPECT_FALSE(decode_attributes(View(good).first(length))) << length;
  EXPECT_FALSE(decode_attributes(hex("0010020000")));
}

TEST(DppAttributes, ComeOnceExceptForConfigurations) {
  EXPECT_FALSE(decode_attributes(hex("00100100000010010000")));
  auto in = decode_attributes(hex("0c1001007b0c1001007d"));
  ASSERT_TRUE(in);
  EXPECT_EQ(in->all(Attribute::configuration_object).size(), 2u);
}

TEST(DppAttributes, NothingStandsAfterWrappedData) {
  EXPECT_TRUE(decode_attributes(hex("00100100000410020000aa")));
  auto in = decode_attributes(hex("00100100000410020000aa"));
  ASSERT_TRUE(in);
  EXPECT_EQ(to_hex(in->clear()), "0010010000");
  EXPECT_FALSE(
      decode_attributes(hex("041002000000"
                            "0010010000")));
}

TEST(DppAttributes, AreLimitedInNumber) {
  Bytes many;
  for (std::size_t i = 0; i < limits::dpp_attributes_max; ++i) append(many, hex("0c1001007b"));
  EXPECT_TRUE(decode_attributes(many));
  append(many, hex("0c1001007b"));
  EXPECT_FALSE(decode_attributes(many));
}

TEST(DppAttributes, AnUnknownStatusIsRefused) {
  EXPECT_TRUE(decode_attributes(hex("001001000e"))->status());
  EXPECT_FALSE(decode_attributes(hex("001001000f"))->status());
}

TEST(WrappedData, OpensWithTheSameKeyAndComponentsOnly) {
  Bytes key(32, 5), clear = hex("0010010000"), plain = hex("05100200abcd");
  Bytes header = action_header(FrameType::authentication_confirm);
  auto sealed = wrap(key, {header, clear}, clear, plain);
  ASSERT_TRUE(sealed);
  auto outer = decode_attributes(*sealed);
  ASSERT_TRUE(outer);
  EXPECT_TRUE(unwrap(key, {header, outer->clear()}, *outer));
  EXPECT_EQ(unwrap(Bytes(32, 6), {header, outer->clear()}, *outer).error().code, Errc::untrusted);
  EXPECT_FALSE(unwrap(key, {header}, *outer));
  EXPECT_FALSE(
      unwrap(key, {action_header(FrameType::authentication_request), outer->clear()}, *outer));
}

}  // namespace
}  // namespace fairlead::dpp
