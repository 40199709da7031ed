// SPDX-License-Identifier: Apache-2.0
// When a renewal is due. The rest of it needs a server and a broker: tests/est/renewal.
#include "device/renewal.h"

#include <gtest/gtest.h>

#include "support/bare_certificate.h"

namespace fairlead::device {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

// Gives the same byte over and over: the ends of what chance can do.
class Constant final : public Random {
 public:
  explicit Constant(std::uint8_t byte) : byte_(byte) {}
  void fill(std::span<std::uint8_t> out) override { std::ranges::fill(out, byte_); }

 private:
  std::uint8_t byte_;
};

crypto::Certificate certificate(Time from, Time to) {
  auto key = test::must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  return test::bare_certificate(key->public_key(), from, to);
}

struct Given {
  Constant least{0}, most{255};
  Operational operational;
  Time now = from_unix_seconds(1'800'000'000);

  // Back-dated by an hour, as those of the server are.
  explicit Given(Duration lifetime) {
    operational.chain = {certificate(now - hours(1), now + lifetime)};
    operational.server_time = now;
  }
  Duration due(Time at, Random& chance, bool plausible = true) {
    return until_renewal(operational, at, plausible, chance);
  }
};

TEST(RenewalTime, IsTwoThirdsOfTheLifeAndUpToATwelfthMore) {
  Given given(days(90));
  EXPECT_EQ(given.due(given.now, given.least), Duration(days(60)));
  auto latest = given.due(given.now, given.most);
  EXPECT_GT(latest, Duration(days(67)));
  EXPECT_LE(latest, Duration(days(60) + hours(180)));
}

TEST(RenewalTime, CountsFromWhenTheCertificateWasGivenNotFromWhereItWasBackDatedTo) {
  Given given(seconds(60));
  EXPECT_EQ(given.due(given.now, given.least), Duration(seconds(40)));
}

TEST(RenewalTime, IsNowWhenItIsOverdue) {
  Given given(days(90));
  EXPECT_EQ(given.due(given.now + days(89), given.most), Duration(0));
  EXPECT_EQ(given.due(given.now + days(400), given.most), Duration(0));
}

TEST(RenewalTime, IsSoonWhenTheClockCantBeRight) {
  Given given(days(90));
  EXPECT_LE(given.due(Time{}, given.most, false), Duration(std::chrono::minutes(5)));
}

TEST(RenewalTime, ADecadeIsNoOverflow) {
  Given given(days(3650));
  EXPECT_GT(given.due(given.now, given.most), Duration(days(2400)));
}

TEST(NextTry, IsSoonForShortLivesAndWithinTheHourForLongOnes) {
  Given shortest(seconds(60)), longest(days(90));
  EXPECT_GE(until_next_try(shortest.operational, shortest.now, {}, shortest.least),
            Duration(seconds(1)));
  EXPECT_LE(until_next_try(shortest.operational, shortest.now, {}, shortest.most),
            Duration(seconds(3)));
  EXPECT_LE(until_next_try(longest.operational, longest.now, {}, longest.most), Duration(hours(1)));
  EXPECT_EQ(until_next_try(longest.operational, longest.now, Duration(hours(5)), longest.least),
            Duration(hours(5)));
}

TEST(RenewalKey, IsTheSameForEachAttemptAtOneCertificateAndForNoOther) {
  Given one(days(90)), other(days(90));
  EXPECT_EQ(renewal_key_name(one.operational.chain[0]), renewal_key_name(one.operational.chain[0]));
  EXPECT_NE(renewal_key_name(one.operational.chain[0]),
            renewal_key_name(other.operational.chain[0]));
}

TEST(StoredAccess, KeepsWhereItIsRenewed) {
  Given given(days(90));
  given.operational.key = keystore::KeyName("operational-1");
  given.operational.device = DeviceId("d-1");
  given.operational.endpoints = {{"mqtts://b:8883", "d-1", "fairlead/v1/a/d-1/"}};
  given.operational.renewal_url = "https://b:8042";
  Bytes encoded = encode_operational(given.operational);
  auto read = decode_operational(encoded);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->renewal_url, "https://b:8042");
  EXPECT_EQ(read->chain, given.operational.chain);
}

}  // namespace
}  // namespace fairlead::device
