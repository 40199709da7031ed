// SPDX-License-Identifier: Apache-2.0
#include "codec/der/writer.h"

#include <gtest/gtest.h>

#include "codec/der/reader.h"

namespace fairlead::der {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

TEST(DerWriter, WritesMinimalLengths) {
  auto head = [](std::size_t size) {
    return to_hex(View(element(octet_string, Bytes(size))).first(5));
  };
  EXPECT_EQ(head(127).substr(0, 4), "047f");
  EXPECT_EQ(head(128).substr(0, 6), "048180");
  EXPECT_EQ(head(255).substr(0, 6), "0481ff");
  EXPECT_EQ(head(256).substr(0, 8), "04820100");
  EXPECT_EQ(head(65536), "0483010000");
}

TEST(DerWriter, WritesIntegersThatStayPositiveAndMinimal) {
  EXPECT_EQ(to_hex(unsigned_integer({})), "020100");
  EXPECT_EQ(to_hex(unsigned_integer(hex("0000"))), "020100");
  EXPECT_EQ(to_hex(unsigned_integer(hex("007f"))), "02017f");
  EXPECT_EQ(to_hex(unsigned_integer(hex("80"))), "02020080");
  EXPECT_EQ(to_hex(unsigned_integer(hex("000080"))), "02020080");
}

TEST(DerWriter, WritesObjectIdentifiers) {
  EXPECT_EQ(to_hex(object_identifier("1.2.840.113549.1.1.11")), "06092a864886f70d01010b");
  EXPECT_EQ(to_hex(object_identifier("2.5.29.15")), "0603551d0f");
  EXPECT_EQ(to_hex(object_identifier("2.999.3")), "0603883703");  // X.690 §8.19.5
  EXPECT_EQ(to_hex(object_identifier("1.3.6.1.4.1.4294967295")), "060a2b060104018fffffff7f");
}

TEST(DerWriter, WritesSequencesAndBitStrings) {
  Bytes one = unsigned_integer(hex("01")), bits = bit_string_of(hex("8a"));
  EXPECT_EQ(to_hex(sequence_of({one, bits})), "30070201010302008a");
  EXPECT_EQ(to_hex(sequence_of({})), "3000");
}

TEST(DerWriter, ChangesTheFormOfTimesIn2050) {
  auto text = [](std::string_view rfc3339) {
    Bytes out = time(from_rfc3339(rfc3339).value());
    Reader r(out);
    std::string tag = r.peek_tag() == utc_time ? "UTC " : "Generalized ";
    return tag + std::string(as_text(r.value(r.peek_tag())));
  };
  EXPECT_EQ(text("2049-12-31T23:59:59.999Z"), "UTC 491231235959Z");
  EXPECT_EQ(text("2050-01-01T00:00:00Z"), "Generalized 20500101000000Z");
  EXPECT_EQ(text("2000-02-29T01:02:03Z"), "UTC 000229010203Z");
  EXPECT_EQ(text("9999-12-31T23:59:59Z"), "Generalized 99991231235959Z");
}

}  // namespace
}  // namespace fairlead::der
