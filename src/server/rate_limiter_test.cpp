// SPDX-License-Identifier: Apache-2.0
#include "server/rate_limiter.h"

#include <gtest/gtest.h>

#include "server/fdo/limits.h"
#include "server/login_guard.h"
#include "support/server_plant.h"

namespace fairlead::server {
namespace {

using std::chrono::seconds;

struct RateLimiterTest : testing::Test {
  Time now = from_unix_seconds(1'800'000'000);
};

TEST_F(RateLimiterTest, ABurstGoesThroughAndThenOneAtATime) {
  RateLimiter limiter({2, 5});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(limiter.take("a", now).wait, Duration(0)) << i;
  EXPECT_EQ(limiter.take("a", now).wait, Duration(500));
  EXPECT_EQ(limiter.take("b", now).wait, Duration(0));  // another's business
  now += Duration(499);
  EXPECT_EQ(limiter.take("a", now).wait, Duration(1));
  now += Duration(1);
  EXPECT_EQ(limiter.take("a", now).wait, Duration(0));
  EXPECT_EQ(limiter.take("a", now).wait, Duration(500));
}

TEST_F(RateLimiterTest, WhoNeedsTwoAndWaitsAsToldFindsTwo) {
  RateLimiter limiter({1, 4}, 2);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(limiter.take("a", now).wait, Duration(0)) << i;
  for (int round = 0; round < 3; ++round) {
    now += limiter.take("a", now).wait;
    EXPECT_EQ(limiter.take("a", now).wait, Duration(0)) << "the first run of round " << round;
    EXPECT_EQ(limiter.take("a", now).wait, Duration(0)) << "the second";
  }
  RateLimiter small({1, 1}, 2);  // never holds two
  small.take("a", now);
  EXPECT_EQ(small.take("a", now).wait, seconds(1));
}

TEST_F(RateLimiterTest, ABucketHoldsNoMoreThanItsBurst) {
  RateLimiter limiter({1, 2});
  limiter.take("a", now);
  now += seconds(3600);
  EXPECT_EQ(limiter.take("a", now).wait, Duration(0));
  EXPECT_EQ(limiter.take("a", now).wait, Duration(0));
  EXPECT_GT(limiter.take("a", now).wait, Duration(0));
}

TEST_F(RateLimiterTest, AHeldUpCallerIsWorthOneLineAMinute) {
  RateLimiter limiter({0.001, 1});
  EXPECT_FALSE(limiter.take("a", now).worth_a_line);
  EXPECT_TRUE(limiter.take("a", now).worth_a_line);
  now += seconds(59);
  EXPECT_FALSE(limiter.take("a", now).worth_a_line);
  now += seconds(1);
  EXPECT_TRUE(limiter.take("a", now).worth_a_line);
}

TEST_F(RateLimiterTest, AClockSetBackHarmsNobody) {
  RateLimiter limiter({1, 1});
  limiter.take("a", now);
  EXPECT_EQ(limiter.take("a", now - seconds(1000)).wait, Duration(1000));
  EXPECT_EQ(limiter.take("a", now - seconds(999)).wait, Duration(0));
}

TEST_F(RateLimiterTest, WithoutARateNobodyIsHeldUp) {
  RateLimiter limiter({0, 1});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(limiter.take("a", now).wait, Duration(0));
}

TEST(RecentKeysTest, TheOneLongestUnusedIsForgottenForANewOne) {
  RecentKeys<int> keys(2);
  keys.get("a", 1);
  keys.get("b", 2);
  ASSERT_TRUE(keys.find("a"));  // used: b is the oldest now
  keys.get("c", 3);
  EXPECT_EQ(keys.size(), 2u);
  EXPECT_FALSE(keys.find("b"));
  EXPECT_EQ(*keys.find("a"), 1);
  keys.erase("a");
  EXPECT_FALSE(keys.find("a"));
  EXPECT_EQ(keys.size(), 1u);
}

struct FdoLimitsTest : RateLimiterTest {
  test::RecordingLog log;
  FdoLimits limits{{{1, 3}, {1, 2}, {0.001, 1}, false}, log};
  fdo::Guid guid = *fdo::Guid::from(Bytes(16, 7)), other = *fdo::Guid::from(Bytes(16, 8));
  bool passes(const std::string& peer, const std::optional<fdo::Guid>& of = {}) {
    return limits.before_opening({peer, now}, of) == Duration(0);
  }
};

TEST_F(FdoLimitsTest, AddressesOfOneIpv6NetworkCountAsOne) {
  EXPECT_TRUE(passes("2001:db8::1") && passes("2001:db8::2") && passes("2001:db8:0:0:1::9"));
  EXPECT_FALSE(passes("2001:db8::4"));
  EXPECT_TRUE(passes("2001:db8:0:1::4"));
  EXPECT_TRUE(log.has("FDO_HELD_UP"));
}

TEST_F(FdoLimitsTest, AnIpv4AddressIsTheSameInEitherSpelling) {
  EXPECT_TRUE(passes("192.0.2.1") && passes("::ffff:192.0.2.1") && passes("192.0.2.1"));
  EXPECT_FALSE(passes("::ffff:192.0.2.1"));
  EXPECT_TRUE(passes("::ffff:192.0.2.2"));
}

TEST_F(FdoLimitsTest, AGuidIsOpenedSoOftenWhoeverAsks) {
  EXPECT_TRUE(passes("192.0.2.1", guid) && passes("192.0.2.2", guid));
  EXPECT_FALSE(passes("192.0.2.3", guid));
  EXPECT_TRUE(passes("192.0.2.3", other));
}

TEST_F(FdoLimitsTest, LoopbackIsLetThroughUnlessConfigured) {
  FdoLimits lenient({{1, 1}, {1, 1}, {1, 1}, true}, log);
  for (auto peer : {"127.0.0.1", "::1", "127.9.9.9"})
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(lenient.before_opening({peer, now}, guid), Duration(0)) << peer;
  EXPECT_EQ(lenient.before_opening({"192.0.2.1", now}, {}), Duration(0));
  EXPECT_GT(lenient.before_opening({"192.0.2.1", now}, {}), Duration(0));
}

struct LoginGuardTest : RateLimiterTest {
  LoginGuard guard;
  void fail_times(int times, const std::string& user, const std::string& peer) {
    for (int i = 0; i < times; ++i) guard.failed(user, peer, now);
  }
};

TEST_F(LoginGuardTest, TheWaitGrowsWithEachFailureAndEndsWithSuccess) {
  fail_times(4, "anna", "192.0.2.1");
  EXPECT_EQ(guard.wait("anna", "192.0.2.1", now), Duration(0));
  fail_times(1, "anna", "192.0.2.1");
  EXPECT_EQ(guard.wait("anna", "192.0.2.1", now), seconds(1));
  now += seconds(1);
  EXPECT_EQ(guard.wait("anna", "192.0.2.1", now), Duration(0));
  fail_times(3, "anna", "192.0.2.1");
  EXPECT_EQ(guard.wait("anna", "192.0.2.1", now), seconds(8));
  fail_times(60, "anna", "192.0.2.1");
  EXPECT_EQ(guard.wait("anna", "192.0.2.1", now), std::chrono::minutes(15));
  guard.succeeded("anna", "192.0.2.1");
  now += seconds(10);  // what the name alone waits, at most
  EXPECT_EQ(guard.wait("anna", "192.0.2.2", now), Duration(0));
}

TEST_F(LoginGuardTest, OneAddressGuessingManyNamesIsHeldUpAndItsNeighboursAreNot) {
  for (int i = 0; i < 25; ++i) guard.failed("user-" + std::to_string(i), "192.0.2.1", now);
  EXPECT_GT(guard.wait("anna", "192.0.2.1", now), Duration(0));
  EXPECT_EQ(guard.wait("anna", "192.0.2.2", now), Duration(0));
}

TEST_F(LoginGuardTest, ManyAddressesGuessingOneNameAreSlowedButLockNobodyOut) {
  for (int i = 0; i < 1000; ++i) guard.failed("anna", "192.0.2." + std::to_string(i % 200), now);
  EXPECT_EQ(guard.wait("anna", "198.51.100.1", now), seconds(10));
}

TEST_F(LoginGuardTest, FailuresAreForgottenInTime) {
  fail_times(10, "anna", "192.0.2.1");
  now += std::chrono::hours(25);
  fail_times(1, "anna", "192.0.2.1");
  EXPECT_EQ(guard.wait("anna", "192.0.2.1", now), Duration(0));
}

}  // namespace
}  // namespace fairlead::server
