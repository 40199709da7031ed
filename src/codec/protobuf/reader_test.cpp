// SPDX-License-Identifier: Apache-2.0
#include "codec/protobuf/reader.h"

#include <gtest/gtest.h>

#include <limits>

#include "codec/protobuf/writer.h"

namespace fairlead::protobuf {
namespace {

Bytes hex(std::string_view text) { return *from_hex(text); }

// The complaint of a reader that walks all fields and takes none.
std::string why_refused(std::string_view text) {
  Bytes in = hex(text);
  Reader reader(in);
  while (reader.next()) {
  }
  auto finished = reader.finish();
  return finished ? "" : finished.error().context;
}

TEST(ProtobufReader, RefusesWhatIsNotAMessage) {
  EXPECT_NE(why_refused("08"), "");                        // no value
  EXPECT_NE(why_refused("0880"), "");                      // varint does not end
  EXPECT_NE(why_refused("08ffffffffffffffffffff01"), "");  // eleven bytes
  EXPECT_NE(why_refused("08ffffffffffffffffff02"), "");    // 65 bits
  EXPECT_NE(why_refused("0001"), "");                      // field 0
  EXPECT_NE(why_refused("808080801001"), "");              // field 2^29
  EXPECT_NE(why_refused("0b0c"), "");                      // a group
  EXPECT_NE(why_refused("0f"), "");                        // wire type 7
  EXPECT_NE(why_refused("0a02ff"), "");                    // longer than the input
  EXPECT_NE(why_refused("0affffffffffffffffff01"), "");    // 2^64 - 1 bytes
  EXPECT_NE(why_refused("0d000000"), "");
  EXPECT_NE(why_refused("0900000000000000"), "");
}

TEST(ProtobufReader, SkipsFieldsNobodyAsksFor) {
  EXPECT_EQ(why_refused(""), "");
  EXPECT_EQ(why_refused("0801"
                        "120361626308ffffffffffffffffff01"
                        "1d01020304"
                        "210102030405060708"),
            "");
  Bytes in =
      hex("9a0603616263"
          "0805");
  Reader reader(in);
  std::uint64_t value = 0;
  while (reader.next())
    if (reader.field() == 1) value = reader.varint();
  EXPECT_TRUE(reader.finish());
  EXPECT_EQ(value, 5u);
}

TEST(ProtobufReader, TakesTheLastOfAFieldThatComesTwice) {
  Bytes in = hex("08010802");
  Reader reader(in);
  std::uint64_t value = 0;
  while (reader.next()) value = reader.varint();
  EXPECT_EQ(value, 2u);
}

TEST(ProtobufReader, RefusesAValueOfAnotherKind) {
  Bytes in = hex("0801");
  Reader reader(in);
  ASSERT_TRUE(reader.next());
  EXPECT_TRUE(reader.bytes(10).empty());
  EXPECT_FALSE(reader.finish());
  EXPECT_FALSE(reader.next());
}

TEST(ProtobufReader, RefusesTakingAValueTwice) {
  Bytes in = hex("08010801");
  Reader reader(in);
  ASSERT_TRUE(reader.next());
  reader.varint();
  reader.varint();
  EXPECT_FALSE(reader.finish());
}

TEST(ProtobufReader, BoundsEachValue) {
  auto bytes_with_limit = [](std::size_t max) {
    Bytes in = hex("0a03616263");
    Reader reader(in);
    reader.next();
    reader.bytes(max);
    return reader.finish().has_value();
  };
  EXPECT_TRUE(bytes_with_limit(3));
  EXPECT_FALSE(bytes_with_limit(2));
  Bytes too_large = hex("088080808010"), not_boolean = hex("0802"), not_text = hex("0a01ff");
  Reader number(too_large), boolean(not_boolean), text(not_text), low(too_large);
  number.next();
  EXPECT_EQ(number.uint32(), 0u);
  EXPECT_FALSE(number.finish());
  boolean.next();
  boolean.boolean();
  EXPECT_FALSE(boolean.finish());
  text.next();
  text.text(10);
  EXPECT_FALSE(text.finish());
  low.next();
  low.int32();
  EXPECT_FALSE(low.finish());
}

TEST(ProtobufWriter, WritesWhatTheReaderReads) {
  Writer inner;
  inner.bytes(1, hex("0001")).int32(3, -40);
  Writer out;
  out.uint(1, 300).boolean(2, true).text(4, "Gr\xC3\xBC\xC3\x9F").message(11, inner);
  Bytes in = out.take();
  Reader reader(in);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.varint(), 300u);
  ASSERT_TRUE(reader.next());
  EXPECT_TRUE(reader.boolean());
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.text(10), "Gr\xC3\xBC\xC3\x9F");
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.field(), 11u);
  Reader embedded(reader.bytes(100));
  ASSERT_TRUE(embedded.next());
  EXPECT_EQ(to_hex(embedded.bytes(2)), "0001");
  ASSERT_TRUE(embedded.next());
  EXPECT_EQ(embedded.int32(), -40);
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.finish());
}

TEST(ProtobufWriter, LeavesDefaultsOutAndKeepsEmptyMessages) {
  Writer out;
  out.uint(1, 0).int32(2, 0).boolean(3, false).bytes(4, {}).message(5, Writer());
  EXPECT_EQ(to_hex(out.view()), "2a00");
  Writer lowest;
  lowest.int32(1, std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(to_hex(lowest.view()), "0880808080f8ffffffff01");
}

}  // namespace
}  // namespace fairlead::protobuf
