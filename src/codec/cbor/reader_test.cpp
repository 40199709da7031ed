// SPDX-License-Identifier: Apache-2.0
#include "codec/cbor/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/limits.h"
#include "codec/cbor/unique_keys.h"
#include "support/vectors.h"

namespace fairlead::cbor {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

// Whether the whole input is one well-formed item that we accept.
bool accepted(View in) {
  Reader r(in);
  r.skip();
  return r.finish().has_value();
}

template <class Read>
std::string refusal(std::string_view input, Read read) {
  Bytes in = hex(input);
  Reader r(in);
  read(r);
  auto result = r.finish();
  return result ? "accepted" : result.error().context;
}

TEST(CborReader, RefusesWhatRfc8949AppendixFCallsNotWellFormed) {
  for (auto in : {// ends in a head
                  "18", "19", "1a", "1b", "1901", "1a0102", "1b01020304050607", "38", "58", "78",
                  "98", "9a01ff00", "b8", "d8", "f8", "f900", "fa0000", "fb000000",
                  // ends in a string
                  "41", "61", "5affffffff00", "5bffffffffffffffff010203", "7affffffff00",
                  "7b7fffffffffffffff010203",
                  // ends in an array, map or tag
                  "81", "818181818181818181", "8200", "a1", "a20102", "a100", "a2000000", "c0",
                  // reserved additional information
                  "1c", "1d", "1e", "3c", "3d", "3e", "5c", "5d", "5e", "7c", "7d", "7e", "9c",
                  "9d", "9e", "bc", "bd", "be", "dc", "dd", "de", "fc", "fd", "fe",
                  // simple values in two bytes that fit in one
                  "f800", "f801", "f818", "f81f",
                  // a lone break, and indefinite lengths where none may be
                  "ff", "81ff", "8200ff", "a1ff", "a1ff00", "a100ff", "1f", "3f", "df"})
    EXPECT_FALSE(accepted(hex(in))) << in;
}

TEST(CborReader, RefusesTheIndefiniteLengthsOfAppendixA) {
  for (auto in :
       {"5f42010243030405ff", "7f657374726561646d696e67ff", "9fff", "9f018202039f0405ffff",
        "9f01820203820405ff", "83018202039f0405ff", "83019f0203ff820405", "bf61610161629f0203ffff",
        "826161bf61626163ff", "bf6346756ef563416d7421ff"}) {
    EXPECT_FALSE(accepted(hex(in))) << in;
    EXPECT_THAT(refusal(in, [](Reader& r) { r.raw(); }), testing::HasSubstr("indefinite length"))
        << in;
  }
}

TEST(CborReader, RefusesTextThatIsNotUtf8) {
  for (auto in : {"61ff", "62c080", "63eda080", "64f4908080", "61c3", "8161ff", "a161ff00"})
    EXPECT_FALSE(accepted(hex(in))) << in;
  EXPECT_THAT(refusal("61ff", [](Reader& r) { r.text(10); }), testing::HasSubstr("not UTF-8"));
}

TEST(CborReader, RefusesTrailingBytesAndSaysWhere) {
  EXPECT_EQ(refusal("0001", [](Reader& r) { r.uint(); }), "CBOR at byte 1: trailing bytes");
  EXPECT_EQ(refusal("f6f6", [](Reader& r) { r.null(); }), "CBOR at byte 1: trailing bytes");
  EXPECT_EQ(refusal("", [](Reader& r) { r.uint(); }), "CBOR at byte 0: ends too early");
}

TEST(CborReader, RefusesAnotherTypeThanTheGrammarAsksFor) {
  const std::string_view items[] = {"00",   "20", "40", "60", "80", "a0",
                                    "c000", "f5", "f6", "f7", "e0", "f90000"};
  auto count = [&](auto read) {
    int n = 0;
    for (auto item : items) {
      Bytes in = hex(item);
      Reader r(in);
      read(r);
      n += r.failed() ? 0 : 1;
    }
    return n;
  };
  EXPECT_EQ(count([](Reader& r) { r.uint(); }), 1);
  EXPECT_EQ(count([](Reader& r) { r.integer(); }), 2);
  EXPECT_EQ(count([](Reader& r) { r.bytes(9); }), 1);
  EXPECT_EQ(count([](Reader& r) { r.text(9); }), 1);
  EXPECT_EQ(count([](Reader& r) { r.array(0); }), 1);
  EXPECT_EQ(count([](Reader& r) { r.map(9); }), 1);
  EXPECT_EQ(count([](Reader& r) { r.tag(0); }), 1);
  EXPECT_EQ(count([](Reader& r) { r.boolean(); }), 1);
  EXPECT_EQ(count([](Reader& r) { r.null(); }), 1);
  EXPECT_EQ(count([](Reader& r) { r.floating(); }), 1);
  EXPECT_EQ(count([](Reader& r) { r.raw(); }), 12);
}

TEST(CborReader, RefusesTheWrongTagAndKeepsAnOptionalOne) {
  EXPECT_NE(refusal("d200", [](Reader& r) { r.tag(17), r.uint(); }), "accepted");
  EXPECT_EQ(refusal("d200", [](Reader& r) { r.tag(18), r.uint(); }), "accepted");
  Bytes in = hex("d200");
  Reader r(in);
  EXPECT_FALSE(r.take_tag(17));
  EXPECT_EQ(r.position(), 0u);
  EXPECT_TRUE(r.take_tag(18));
  EXPECT_FALSE(r.take_tag(18));
  EXPECT_EQ(r.uint(), 0u);
  EXPECT_TRUE(r.finish());
}

TEST(CborReader, HoldsEachLimitAtMaxAndRefusesMaxPlusOne) {
  EXPECT_EQ(refusal("43010203", [](Reader& r) { r.bytes(3); }), "accepted");
  EXPECT_NE(refusal("43010203", [](Reader& r) { r.bytes(2); }), "accepted");
  EXPECT_EQ(refusal("63616263", [](Reader& r) { r.text(3); }), "accepted");
  EXPECT_NE(refusal("63616263", [](Reader& r) { r.text(2); }), "accepted");
  EXPECT_EQ(refusal("820000", [](Reader& r) { r.array(2), r.uint(), r.uint(); }), "accepted");
  EXPECT_NE(refusal("820000", [](Reader& r) { r.array(3), r.uint(), r.uint(), r.uint(); }),
            "accepted");
  EXPECT_NE(refusal("820000", [](Reader& r) { r.array(1), r.uint(); }), "accepted");
  EXPECT_EQ(refusal("820000", [](Reader& r) { r.array_between(2, 2), r.uint(), r.uint(); }),
            "accepted");
  EXPECT_NE(refusal("820000", [](Reader& r) { r.array_between(0, 1); }), "accepted");
  EXPECT_NE(refusal("820000", [](Reader& r) { r.array_between(3, 9); }), "accepted");
  EXPECT_EQ(refusal("a10000", [](Reader& r) { r.map(1), r.uint(), r.uint(); }), "accepted");
  EXPECT_NE(refusal("a10000", [](Reader& r) { r.map(0); }), "accepted");
  EXPECT_EQ(refusal("1864", [](Reader& r) { r.uint_at_most(100); }), "accepted");
  EXPECT_NE(refusal("1865", [](Reader& r) { r.uint_at_most(100); }), "accepted");
}

TEST(CborReader, NestsToItsLimitAndNoDeeper) {
  for (const char* head : {"81", "a100", "c1"}) {
    auto nested = [&](std::size_t depth) {
      std::string text;
      for (std::size_t i = 0; i < depth; ++i) text += head;
      return hex(text + "00");
    };
    EXPECT_TRUE(accepted(nested(limits::cbor_depth_max))) << head;
    EXPECT_FALSE(accepted(nested(limits::cbor_depth_max + 1))) << head;
    EXPECT_FALSE(accepted(nested(100'000))) << head;  // and no stack is spent on it
  }
}

TEST(CborReader, DoesNotBelieveHugeLengths) {
  for (auto in : {"9bffffffffffffffff", "9b00000000ffffffff0000", "bb8000000000000000",
                  "bb80000000000000010000", "bbffffffffffffffff", "5bffffffffffffffff",
                  "7bffffffffffffffff", "819bfffffffffffffffe00"}) {
    EXPECT_FALSE(accepted(hex(in))) << in;
    EXPECT_NE(refusal(in, [](Reader& r) { r.text(~std::size_t{0}); }), "accepted");
    EXPECT_NE(refusal(in, [](Reader& r) { r.bytes(~std::size_t{0}); }), "accepted");
  }
}

TEST(CborReader, KeepsTheFirstErrorAndReturnsEmptyValuesAfterIt) {
  Bytes in = hex("f500416102");
  Reader r(in);
  EXPECT_EQ(r.uint(), 0u);
  ASSERT_TRUE(r.failed());
  r.fail_here("a second complaint");
  r.fail_with(Error{Errc::refused, "a third"});
  EXPECT_FALSE(r.boolean());
  EXPECT_EQ(r.integer(), 0);
  EXPECT_TRUE(r.bytes(9).empty());
  EXPECT_TRUE(r.text(9).empty());
  EXPECT_TRUE(r.raw().empty());
  EXPECT_EQ(r.array_between(0, 9), 0u);
  EXPECT_EQ(r.map(9), 0u);
  EXPECT_EQ(r.floating(), 0);
  EXPECT_FALSE(r.take_null());
  EXPECT_FALSE(r.take_tag(1));
  EXPECT_EQ(r.peek(), Kind::none);
  EXPECT_FALSE(r.at_end());
  EXPECT_EQ(r.position(), 0u);
  EXPECT_EQ(r.status().error().context, "CBOR at byte 0: expected an unsigned integer");
  EXPECT_EQ(r.finish(7).error().code, Errc::malformed);
}

TEST(CborReader, RefusesIntegersThatDoNotFit) {
  auto read = [](Reader& r) { r.integer(); };
  EXPECT_EQ(refusal("1b7fffffffffffffff", read), "accepted");
  EXPECT_NE(refusal("1b8000000000000000", read), "accepted");
  EXPECT_EQ(refusal("3b7fffffffffffffff", read), "accepted");
  EXPECT_NE(refusal("3b8000000000000000", read), "accepted");
  EXPECT_NE(refusal("3bffffffffffffffff", read), "accepted");
}

TEST(CborReader, TakesFixedBytesOfTheirSizeOnly) {
  using Four = FixedBytes<4, struct FourTag>;
  EXPECT_EQ(refusal("4401020304", [](Reader& r) { r.fixed<Four>(); }), "accepted");
  EXPECT_NE(refusal("43010203", [](Reader& r) { r.fixed<Four>(); }), "accepted");
  EXPECT_NE(refusal("450102030405", [](Reader& r) { r.fixed<Four>(); }), "accepted");
  Bytes in = hex("4401020304");
  EXPECT_EQ(Reader(in).fixed<Four>().hex(), "01020304");
}

TEST(CborReader, ReadsTheIntegersOfAppendixA) {
  struct {
    const char* hex;
    std::int64_t value;
  } const cases[] = {{"00", 0},
                     {"01", 1},
                     {"0a", 10},
                     {"17", 23},
                     {"1818", 24},
                     {"1819", 25},
                     {"1864", 100},
                     {"1903e8", 1000},
                     {"1a000f4240", 1000000},
                     {"1b000000e8d4a51000", 1000000000000},
                     {"20", -1},
                     {"29", -10},
                     {"3863", -100},
                     {"3903e7", -1000},
                     {"3b7fffffffffffffff", std::numeric_limits<std::int64_t>::min()},
                     // longer than needed: readable, if not what we would write
                     {"1800", 0},
                     {"190000", 0},
                     {"1a00000001", 1},
                     {"1b0000000000000017", 23},
                     {"3800", -1}};
  for (const auto& c : cases) {
    Bytes in = hex(c.hex);
    Reader r(in);
    EXPECT_EQ(r.integer(), c.value) << c.hex;
    EXPECT_TRUE(r.finish()) << c.hex;
  }
  Bytes in = hex("1bffffffffffffffff");
  EXPECT_EQ(Reader(in).uint(), std::numeric_limits<std::uint64_t>::max());
}

TEST(CborReader, ReadsTheFloatsOfAppendixA) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  struct {
    const char* hex;
    double value;
  } const cases[] = {{"f90000", 0.0},
                     {"f98000", -0.0},
                     {"f93c00", 1.0},
                     {"fb3ff199999999999a", 1.1},
                     {"f93e00", 1.5},
                     {"f97bff", 65504.0},
                     {"fa47c35000", 100000.0},
                     {"fa7f7fffff", 3.4028234663852886e+38},
                     {"fb7e37e43c8800759c", 1.0e+300},
                     {"f90001", 5.960464477539063e-8},
                     {"f90400", 0.00006103515625},
                     {"f9c400", -4.0},
                     {"fbc010666666666666", -4.1},
                     {"f97c00", infinity},
                     {"f9fc00", -infinity},
                     {"fa7f800000", infinity},
                     {"fb7ff0000000000000", infinity},
                     {"fbfff0000000000000", -infinity}};
  for (const auto& c : cases) {
    Bytes in = hex(c.hex);
    Reader r(in);
    double value = r.floating();
    EXPECT_EQ(value, c.value) << c.hex;
    EXPECT_EQ(std::signbit(value), std::signbit(c.value)) << c.hex;
    EXPECT_TRUE(r.finish()) << c.hex;
  }
  for (auto nan : {"f97e00", "fa7fc00000", "fb7ff8000000000000"}) {
    Bytes in = hex(nan);
    EXPECT_TRUE(std::isnan(Reader(in).floating())) << nan;
  }
}

TEST(CborReader, ReadsTheStringsOfAppendixA) {
  struct {
    const char* hex;
    const char* value;
  } const cases[] = {
      {"60", ""},           {"6161", "a"},          {"6449455446", "IETF"},      {"62225c", "\"\\"},
      {"62c3bc", "\u00fc"}, {"63e6b0b4", "\u6c34"}, {"64f0908591", "\U00010151"}};
  for (const auto& c : cases) {
    Bytes in = hex(c.hex);
    Reader r(in);
    EXPECT_EQ(r.text(16), c.value);
    EXPECT_TRUE(r.finish());
  }
  Bytes in = hex("4401020304");
  EXPECT_EQ(to_bytes(Reader(in).bytes(4)), hex("01020304"));
}

TEST(CborReader, SkipsTheRestOfAppendixA) {
  for (auto in : {"c249010000000000000000",
                  "c349010000000000000000",
                  "f4",
                  "f5",
                  "f6",
                  "f7",
                  "f0",
                  "f8ff",
                  "c074323031332d30332d32315432303a30343a30305a",
                  "c11a514b67b0",
                  "c1fb41d452d9e2333333",
                  "d74401020304",
                  "d818456449455446",
                  "d82076687474703a2f2f7777772e6578616d706c652e636f6d",
                  "40",
                  "80",
                  "83010203",
                  "8301820203820405",
                  "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
                  "a0",
                  "a201020304",
                  "a26161016162820203",
                  "826161a161626163",
                  "a56161614161626142616361436164614461656145"})
    EXPECT_TRUE(accepted(hex(in))) << in;
}

TEST(CborReader, PeeksWithoutTaking) {
  struct {
    const char* hex;
    Kind kind;
  } const cases[] = {{"00", Kind::uint},      {"20", Kind::negative}, {"40", Kind::bytes},
                     {"60", Kind::text},      {"80", Kind::array},    {"a0", Kind::map},
                     {"c0", Kind::tag},       {"f4", Kind::boolean},  {"f6", Kind::null},
                     {"f7", Kind::undefined}, {"e0", Kind::simple},   {"f9", Kind::floating},
                     {"", Kind::none}};
  for (const auto& c : cases) {
    Bytes in = hex(c.hex);
    Reader r(in);
    EXPECT_EQ(r.peek(), c.kind) << c.hex;
    EXPECT_EQ(r.position(), 0u);
  }
}

TEST(CborReader, HandsOutTheReceivedBytesOfAnItem) {
  Bytes in =
      hex("83"
          "190001"
          "a1182a4101"
          "f6");  // a longer head than needed stays as it came
  Reader r(in);
  r.array(3);
  std::size_t start = r.position();
  EXPECT_EQ(to_bytes(r.raw()), hex("190001"));
  EXPECT_EQ(to_bytes(r.raw()), hex("a1182a4101"));
  EXPECT_EQ(to_bytes(View(in).subspan(start, r.position() - start)), hex("190001a1182a4101"));
  EXPECT_TRUE(r.take_null());
  EXPECT_TRUE(r.finish());
}

TEST(CborReader, RefusesEveryPrefixOfARecordedMessage) {
  for (const auto& name : test::transcript_names()) {
    for (const auto& message : test::recorded_messages(test::read_json_vector(name))) {
      EXPECT_TRUE(accepted(message.body)) << name << " message " << message.type;
      for (std::size_t size = 0; size < message.body.size(); ++size)
        ASSERT_FALSE(accepted(View(message.body).first(size)))
            << name << " message " << message.type;
    }
  }
}

TEST(CborUniqueKeys, SeeASecondKeyHoweverItIsEncoded) {
  Bytes in =
      hex("83"
          "01"
          "1801"
          "6161");
  Reader r(in);
  r.array(3);
  UniqueKeys<4> keys;
  EXPECT_TRUE(keys.insert(r.integer()));
  EXPECT_FALSE(keys.insert(r.integer()));
  EXPECT_TRUE(keys.insert(r.text_view(1)));
  EXPECT_FALSE(keys.insert("a"));
  EXPECT_TRUE(keys.insert(-1));
  EXPECT_TRUE(keys.insert(""));
  EXPECT_FALSE(keys.insert(-1));
}

}  // namespace
}  // namespace fairlead::cbor
