// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <gtest/gtest.h>

#include "base/events.h"
#include "base/log.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace fairlead {
namespace {

TEST(Hex, RoundTrips) {
  Bytes bytes{0x00, 0x7f, 0xff};
  EXPECT_EQ(to_hex(bytes), "007fff");
  EXPECT_EQ(from_hex("007FfF"), bytes);
}

TEST(Hex, RefusesWhatIsNotHex) {
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
  EXPECT_FALSE(from_hex("0 "));
}

TEST(ConstantTimeEqual, SeesEveryDifference) {
  Bytes a(48, 7);
  for (std::size_t i = 0; i < a.size(); ++i) {
    Bytes b = a;
    b[i] ^= 1;
    EXPECT_FALSE(equal_constant_time(a, b));
  }
  EXPECT_TRUE(equal_constant_time(a, Bytes(48, 7)));
  EXPECT_FALSE(equal_constant_time(a, Bytes(47, 7)));
}

TEST(FixedBytes, TakesExactlyItsSize) {
  using Sixteen = FixedBytes<16, struct Tag>;
  EXPECT_TRUE(Sixteen::from(Bytes(16)));
  EXPECT_FALSE(Sixteen::from(Bytes(15)));
  EXPECT_FALSE(Sixteen::from(Bytes(17)));
}

TEST(SecretBytes, IsEmptyAfterAMove) {
  SecretBytes a = SecretBytes::copy_of(as_view("secret"));
  SecretBytes b = std::move(a);
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): that is the point
  EXPECT_EQ(as_text(b.reveal()), "secret");
}

Result<int> twice(Result<int> in) {
  TRY(int value, std::move(in));
  return value * 2;
}

TEST(Try, HandsOnTheErrorWithItsContext) {
  EXPECT_EQ(*twice(21), 42);
  auto failed = twice(Result<int>(fail(Errc::io, "disk full"))).in("import");
  ASSERT_FALSE(failed);
  EXPECT_EQ(to_string(failed.error()), "input/output: import: disk full");
}

TEST(Time, RoundTripsThroughText) {
  Time time = from_unix_ms(1'790'000'000'123);
  EXPECT_EQ(from_rfc3339(to_rfc3339(time)), time);
  EXPECT_EQ(to_rfc3339(from_unix_ms(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(from_rfc3339("2026-02-28T23:59:59Z"), from_rfc3339("2026-02-28T23:59:59.000Z"));
}

TEST(Time, RefusesWhatIsNoDate) {
  for (auto text : {"", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01 00:00:00Z",
                    "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx"})
    EXPECT_FALSE(from_rfc3339(text)) << text;
}

TEST(Events, AreDescribedWithTheirFields) {
  Fields fields{{"program", "fairlead-server"}, {"version", "1"}};
  EXPECT_EQ(describe(event::started, fields), "fairlead-server 1 started.");
  EXPECT_EQ(describe(event::started, {}), "{program} {version} started.");
  EXPECT_EQ(find_event("STARTED"), &event::started);
  EXPECT_EQ(find_event("NO_SUCH"), nullptr);
}

TEST(JsonEscape, KeepsALogLineOneLineOfValidUtf8) {
  EXPECT_EQ(json_escaped("a\"b\\c\n\x01"), "a\\\"b\\\\c\\u000a\\u0001");
  EXPECT_EQ(json_escaped("\xff\xc3\xa9\xed\xa0\x80"),
            "\xEF\xBF\xBD\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

}  // namespace
}  // namespace fairlead
