// SPDX-License-Identifier: Apache-2.0
#include "codec/der/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/der/writer.h"
#include "codec/pem.h"
#include "support/vectors.h"

namespace fairlead::der {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

template <class Read>
std::string refusal(std::string_view input, Read read) {
  Bytes in = hex(input);
  Reader r(in);
  read(r);
  auto result = r.finish();
  return result ? "accepted" : result.error().context;
}
std::string any_refusal(std::string_view input) {
  return refusal(input, [](Reader& r) { r.any_element(); });
}

TEST(DerReader, RefusesHeadsThatAreNotDer) {
  ASSERT_EQ(any_refusal("0500"), "accepted");
  for (auto in : {"",
                  "05",
                  "0401",
                  "040200",
                  "0481",
                  "048180",
                  "04820100",  // ends too early
                  "0480",
                  "3080",
                  "30800000",  // indefinite
                  "04810100",
                  "04817f",
                  "0482007f",
                  "0482ff",
                  "048300ffff",  // not minimal
                  "0484000000ff",
                  "04ff",  // longer than we read
                  "1f0100",
                  "3f8101",
                  "bf1f00",  // tag in the long form
                  "0000",
                  "000100"})  // end-of-contents
    EXPECT_NE(any_refusal(in), "accepted") << in;
}

TEST(DerReader, TakesEachLengthFormAtItsBounds) {
  for (std::size_t size : {0, 127, 128, 255, 256, 65535, 65536}) {
    Bytes in = element(octet_string, Bytes(size, 7));
    Reader r(in);
    EXPECT_EQ(r.value(octet_string).size(), size);
    EXPECT_TRUE(r.finish());
    if (size > 0) EXPECT_FALSE(Reader(View(in).first(in.size() - 1)).any_element().size()) << size;
  }
}

TEST(DerReader, RefusesAnotherTagAndTrailingBytes) {
  EXPECT_THAT(refusal("0500", [](Reader& r) { r.value(integer); }),
              testing::HasSubstr("another element"));
  EXPECT_THAT(refusal("0500", [](Reader& r) { r.element(integer); }),
              testing::HasSubstr("another element"));
  EXPECT_THAT(refusal("0500", [](Reader& r) { r.enter(sequence); }),
              testing::HasSubstr("another element"));
  EXPECT_EQ(any_refusal("050005"), "DER at byte 2: trailing bytes");
}

TEST(DerReader, RefusesIntegersThatAreNegativeEmptyLongOrTooLarge) {
  auto read = [](Reader& r) { r.unsigned_integer(2); };
  EXPECT_EQ(refusal("020100", read), "accepted");
  EXPECT_EQ(refusal("02020080", read), "accepted");
  EXPECT_EQ(refusal("020300ffff", read), "accepted");
  for (auto in : {"0200", "020180", "0202ffff", "0202007f", "02020000", "0203010000"})
    EXPECT_NE(refusal(in, read), "accepted") << in;
  auto small = [](Reader& r) { r.small_integer(); };
  EXPECT_EQ(refusal("020900ffffffffffffffff", small), "accepted");
  EXPECT_NE(refusal("0209010000000000000000", small), "accepted");
}

TEST(DerReader, RefusesBitStringsWithUnusedBits) {
  auto read = [](Reader& r) { r.bit_string_octets(); };
  EXPECT_EQ(refusal("030100", read), "accepted");
  EXPECT_EQ(refusal("0302008a", read), "accepted");
  EXPECT_NE(refusal("0300", read), "accepted");
  EXPECT_NE(refusal("03020180", read), "accepted");
}

TEST(DerReader, KeepsTheFirstErrorAndHandsItInwards) {
  Bytes in = hex("30020500");
  Reader r(in);
  EXPECT_TRUE(r.value(integer).empty());
  EXPECT_TRUE(r.failed());
  EXPECT_EQ(r.peek_tag(), 0);
  EXPECT_TRUE(r.any_element().empty());
  Reader inner = r.enter(sequence);
  EXPECT_TRUE(inner.failed());
  inner.fail_here("another");
  EXPECT_EQ(inner.finish().error().context, "DER at byte 0: another element than expected");
  EXPECT_EQ(r.status().error().code, Errc::malformed);
}

TEST(DerReader, HandsOutValuesAndWholeElements) {
  Bytes in =
      hex("300a"
          "0201"
          "05"
          "a000"
          "0303"
          "00"
          "0102");
  EXPECT_EQ(Reader(in).element(sequence).size(), in.size());
  Reader r(in);
  Reader inner = r.enter(sequence);
  EXPECT_EQ(inner.small_integer(), 5u);
  EXPECT_EQ(inner.peek_tag(), context_constructed(0));
  EXPECT_EQ(to_hex(inner.any_element()), "a000");
  EXPECT_EQ(to_hex(inner.bit_string_octets()), "0102");
  EXPECT_TRUE(inner.at_end());
  EXPECT_TRUE(inner.finish());
  EXPECT_TRUE(r.finish());
}

TEST(DerReader, ReadsAForeignKeyAndRefusesEachPrefix) {
  auto blocks = pem::decode(test::read_vector("fdo/foreign/go-fdo-mfg_key.pem"));
  ASSERT_TRUE(blocks);
  View key = blocks->at(0).content;
  Reader r(key);
  Reader ec = r.enter(sequence);  // RFC 5915 ECPrivateKey
  EXPECT_EQ(ec.small_integer(), 1u);
  EXPECT_EQ(ec.value(octet_string).size(), 48u);
  EXPECT_EQ(to_bytes(ec.enter(context_constructed(0)).element(oid)),
            object_identifier("1.3.132.0.34"));
  EXPECT_EQ(ec.enter(context_constructed(1)).bit_string_octets().size(), 97u);
  EXPECT_TRUE(ec.finish());
  EXPECT_TRUE(r.finish());
  for (std::size_t size = 0; size < key.size(); ++size) {
    Reader cut(key.first(size));
    cut.any_element();
    EXPECT_FALSE(cut.finish()) << size;
  }
}

}  // namespace
}  // namespace fairlead::der
