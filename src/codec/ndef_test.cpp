// SPDX-License-Identifier: Apache-2.0
#include "codec/ndef.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "support/vectors.h"

namespace fairlead::ndef {
namespace {

std::string why(std::string_view hex) {
  auto decoded = decode_message(*from_hex(hex));
  return decoded ? "accepted" : decoded.error().context;
}

TEST(Ndef, WhatNdeflibEncodesComesBackByteForByte) {
  for (const auto& each : test::read_json_vector("label/ndef.json").as_array()) {
    SCOPED_TRACE(std::string(each.at("name").as_string()));
    Bytes message = test::hex_at(each, "/hex");
    auto records = decode_message(message);
    ASSERT_TRUE(records) << records.error().context;
    EXPECT_EQ(static_cast<std::int64_t>(records->size()), each.at("records").as_int64());
    EXPECT_EQ(to_hex(encode_message(*records)), to_hex(message));
    const Record& last = records->back();
    if (is_uri(last)) {
      EXPECT_EQ(*uri_of(last), test::text_at(each, "/text"));
      EXPECT_EQ(uri_record(test::text_at(each, "/text")).payload, last.payload);
    }
  }
}

TEST(Ndef, EveryTruncationIsRefused) {
  for (const auto& each : test::read_json_vector("label/ndef.json").as_array()) {
    Bytes message = test::hex_at(each, "/hex");
    for (std::size_t size = 0; size < message.size(); ++size)
      EXPECT_FALSE(decode_message(View(message).first(size))) << size;
    message.push_back(0);
    EXPECT_FALSE(decode_message(message));
  }
}

TEST(Ndef, WhatIsNoMessageIsRefusedInWords) {
  EXPECT_EQ(why("d00000"), "accepted");  // an empty tag
  EXPECT_EQ(why("500000"), "NDEF: the message does not begin with its first record");
  EXPECT_EQ(why("900000"), "NDEF: a record is cut off");  // no last record
  EXPECT_EQ(why("900000d00000"), "NDEF: the message does not begin with its first record");
  EXPECT_EQ(why("d0000000"), "NDEF: something follows the last record");
  EXPECT_EQ(why("f00000"), "NDEF: a record in chunks, or of a reserved kind");
  EXPECT_EQ(why("d60000"), "NDEF: a record in chunks, or of a reserved kind");
  EXPECT_EQ(why("d70000"), "NDEF: a record in chunks, or of a reserved kind");
  EXPECT_EQ(why("d0000100"), "NDEF: a record holds what its kind can't have");
  EXPECT_EQ(why("d5010055"), "NDEF: a record holds what its kind can't have");
  EXPECT_EQ(why("c101ffffffff55"), "NDEF: a record is cut off");
}

TEST(Ndef, UrisThatBeginInAReservedWayAreRefused) {
  Record last{TypeName::well_known, "U", {}, {0x23, 'x'}}, reserved = last, empty = last;
  reserved.payload[0] = 0x24;
  empty.payload.clear();
  EXPECT_EQ(*uri_of(last), "urn:nfc:x");
  EXPECT_FALSE(uri_of(reserved));
  EXPECT_FALSE(uri_of(empty));
  EXPECT_FALSE(uri_of({TypeName::well_known, "U", {}, {0, 0xFF}}));
  EXPECT_FALSE(uri_of({TypeName::media, "U", {}, {0, 'x'}}));
}

TEST(Ndef, MoreRecordsOrBytesThanTheLimitAreRefused) {
  std::vector<Record> records(limits::ndef_records_max);
  EXPECT_TRUE(decode_message(encode_message(records)));
  records.emplace_back();
  EXPECT_FALSE(decode_message(encode_message(records)));
  constexpr std::size_t head = 6;  // of one record without type and id
  Record large{TypeName::unknown, "", {}, Bytes(limits::ndef_message_bytes_max - head)};
  EXPECT_TRUE(decode_message(encode_message(std::span(&large, 1))));
  large.payload.push_back(0);
  EXPECT_FALSE(decode_message(encode_message(std::span(&large, 1))));
}

}  // namespace
}  // namespace fairlead::ndef
