// SPDX-License-Identifier: Apache-2.0
#include "client/label/label.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "codec/ndef.h"
#include "support/vectors.h"

namespace fairlead::client {
namespace {

std::string kind_of(const Label& label) {
  constexpr const char* names[] = {"setup", "link", "dpp"};
  return names[label.index()];
}

TEST(Label, WhatIsScannedIsReadOrRefusedInWords) {
  for (const auto& each : test::read_json_vector("label/labels.json").as_array()) {
    const std::string text = test::text_at(each, "/text");
    SCOPED_TRACE(text);
    auto label = parse_label(text);
    if (each.as_object().contains("why")) {
      ASSERT_FALSE(label);
      EXPECT_EQ(label.error().context, test::text_at(each, "/why"));
      continue;
    }
    ASSERT_TRUE(label) << label.error().context;
    EXPECT_EQ(kind_of(*label), test::text_at(each, "/kind"));
    auto again = parse_label(label_text(*label));
    ASSERT_TRUE(again) << again.error().context;
    EXPECT_EQ(label_text(*again), label_text(*label));
  }
}

TEST(Label, ALinkIsKeptByteForByte) {
  const std::string text = "https://Pumps.example/P7/../SN%2f17/?A=b#x";
  auto label = parse_label(text + "\r\n");
  ASSERT_TRUE(label);
  EXPECT_EQ(label_text(*label), text);
}

TEST(Label, CodesOfOtherSystemsAreUnsupportedAndNothingElseIs) {
  EXPECT_EQ(parse_label("MT:Y.K9042C00KA0648G00").error().code, Errc::unsupported);
  EXPECT_EQ(parse_label("Pump 7").error().code, Errc::malformed);
}

TEST(Label, LongerTextsThanTheLimitAreRefused) {
  std::string text = "https://pumps.example/";
  text.resize(limits::label_text_bytes_max, 'x');
  EXPECT_TRUE(parse_label(text));
  EXPECT_FALSE(parse_label(text + "x"));
}

TEST(Label, ATagHoldsWhatNdeflibWouldWrite) {
  for (const auto& each : test::read_json_vector("label/ndef.json").as_array()) {
    SCOPED_TRACE(std::string(each.at("name").as_string()));
    Bytes message = test::hex_at(each, "/hex");
    auto label = parse_tag(message);
    ASSERT_TRUE(label) << label.error().context;
    EXPECT_EQ(label_text(*label), test::text_at(each, "/text"));
    auto records = ndef::decode_message(message);
    if (records->size() == 1 && (*records)[0].id.empty()) {
      EXPECT_EQ(to_hex(label_tag(*label)), to_hex(message));
    }
  }
}

TEST(Label, ATagWithoutALabelIsRefusedInWords) {
  const ndef::Record text{ndef::TypeName::well_known, "T", {}, to_bytes("\2enPump 7")};
  const ndef::Record phone = ndef::uri_record("tel:+431234");
  EXPECT_EQ(parse_tag(ndef::encode_message(std::span(&text, 1))).error().context,
            "the tag holds no label of a device");
  EXPECT_EQ(parse_tag(ndef::encode_message(std::span(&phone, 1))).error().context,
            "this is not the label of a device");
  EXPECT_EQ(parse_tag(*from_hex("d0")).error().context, "the tag: NDEF: a record is cut off");
}

}  // namespace
}  // namespace fairlead::client
