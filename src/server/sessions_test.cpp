// SPDX-License-Identifier: Apache-2.0
#include "server/sessions.h"

#include <gtest/gtest.h>

#include "crypto/system_random.h"

namespace fairlead::server {
namespace {

struct SessionsTest : testing::Test {
  crypto::SystemRandom random;
  Time now = from_unix_seconds(1'800'000'000);
  Sessions sessions{random, [this] { return now; }, 3, std::chrono::minutes(10)};
};

TEST_F(SessionsTest, AnUnknownTokenHasNoRun) {
  EXPECT_FALSE(sessions.take(""));
  EXPECT_FALSE(sessions.take("made-up"));
}

TEST_F(SessionsTest, ARunThatIsTakenIsGoneUntilItIsPutBack) {
  std::string token = sessions.create({1, 2});
  EXPECT_EQ(token.size(), 43u);  // 32 bytes in base64url
  EXPECT_EQ(sessions.take(token), (Bytes{1, 2}));
  EXPECT_FALSE(sessions.take(token));
  sessions.put(token, {3});
  EXPECT_EQ(sessions.take(token), Bytes{3});
}

TEST_F(SessionsTest, ARunExpiresAndEachMessageGivesItNewTime) {
  std::string token = sessions.create({1});
  now += std::chrono::minutes(10);
  auto state = sessions.take(token);
  ASSERT_TRUE(state);  // the last moment counts
  sessions.put(token, *state);
  now += std::chrono::minutes(10);
  EXPECT_TRUE(sessions.take(token));
  sessions.put(token, {1});
  now += std::chrono::minutes(10) + Duration(1);
  EXPECT_FALSE(sessions.take(token));
  EXPECT_EQ(sessions.size(), 0u);
}

TEST_F(SessionsTest, TheOldestRunGoesForANewOneWhenThereAreTooMany) {
  std::string first = sessions.create({1}), second = sessions.create({2}),
              third = sessions.create({3});
  std::string fourth = sessions.create({4});
  EXPECT_EQ(sessions.size(), 3u);
  EXPECT_FALSE(sessions.take(first));
  EXPECT_TRUE(sessions.take(second) && sessions.take(third) && sessions.take(fourth));
}

TEST_F(SessionsTest, ExpiredRunsAreSweptWhenANewOneComes) {
  sessions.create({1});
  sessions.create({2});
  now += std::chrono::minutes(11);
  sessions.create({3});
  EXPECT_EQ(sessions.size(), 1u);
}

}  // namespace
}  // namespace fairlead::server
