// SPDX-License-Identifier: Apache-2.0
#include "codec/cbor/writer.h"

#include <gtest/gtest.h>

#include <limits>

#include "codec/cbor/reader.h"

namespace fairlead::cbor {
namespace {

TEST(CborWriter, WritesTheShortestHead) {
  struct {
    std::uint64_t value;
    const char* hex;
  } const cases[] = {{0, "00"},
                     {23, "17"},
                     {24, "1818"},
                     {255, "18ff"},
                     {256, "190100"},
                     {65535, "19ffff"},
                     {65536, "1a00010000"},
                     {4294967295u, "1affffffff"},
                     {4294967296u, "1b0000000100000000"},
                     {std::numeric_limits<std::uint64_t>::max(), "1bffffffffffffffff"}};
  for (const auto& c : cases) EXPECT_EQ(to_hex(Writer().uint(c.value).view()), c.hex);
}

TEST(CborWriter, WritesNegativeIntegersDownToTheLeast) {
  struct {
    std::int64_t value;
    const char* hex;
  } const cases[] = {{1, "01"},
                     {-1, "20"},
                     {-24, "37"},
                     {-25, "3818"},
                     {-256, "38ff"},
                     {-257, "390100"},
                     {std::numeric_limits<std::int64_t>::max(), "1b7fffffffffffffff"},
                     {std::numeric_limits<std::int64_t>::min(), "3b7fffffffffffffff"}};
  for (const auto& c : cases) {
    Bytes out = Writer().integer(c.value).take();
    EXPECT_EQ(to_hex(out), c.hex);
    EXPECT_EQ(Reader(out).integer(), c.value);
  }
}

TEST(CborWriter, WritesEveryKindOfItem) {
  Writer w;
  w.array(7)
      .bytes(Bytes{1, 2})
      .text("\u6c34")
      .boolean(true)
      .boolean(false)
      .null()
      .tag(18)
      .map(1)
      .uint(1)
      .integer(-7);
  w.raw(Bytes{0x19, 0x00, 0x01});  // an encoded item goes out unchanged, shortest or not
  EXPECT_EQ(to_hex(w.view()),
            "87420102"
            "63e6b0b4"
            "f5f4f6"
            "d2a10126"
            "190001");
  EXPECT_EQ(w.size(), w.view().size());
}

TEST(CborWriter, WritesStringsAcrossHeadSizes) {
  for (std::size_t size : {0, 23, 24, 255, 256, 65535, 65536}) {
    Bytes out = Writer().bytes(Bytes(size, 0xAB)).text(std::string(size, 'x')).take();
    Reader r(out);
    EXPECT_EQ(r.bytes(size).size(), size);
    EXPECT_EQ(r.text(size).size(), size);
    EXPECT_TRUE(r.finish());
  }
}

}  // namespace
}  // namespace fairlead::cbor
