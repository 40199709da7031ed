// SPDX-License-Identifier: Apache-2.0
#include "server/clone_watch.h"

#include <gtest/gtest.h>

namespace fairlead::server {
namespace {

struct CloneWatchTest : testing::Test {
  CloneWatch watch;
  Time now = from_unix_seconds(1'800'000'000);
  const DeviceId id{"d-1"};

  std::optional<ClonePair> born(const std::string& instance,
                                const std::string& address = "192.0.2.1") {
    now += std::chrono::seconds(1);
    watch.connected(id, address);
    return watch.born(id, instance, now);
  }
};

TEST_F(CloneWatchTest, ADeviceThatComesBackByItselfIsNoClone) {
  EXPECT_FALSE(born("a"));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(born("a", "192.0.2." + std::to_string(i)));
}

TEST_F(CloneWatchTest, RestartsAreNoClones) {
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(born("run-" + std::to_string(i)));
}

TEST_F(CloneWatchTest, OneThatReturnsAfterAnotherTellsBothSides) {
  EXPECT_FALSE(born("a", "192.0.2.1"));
  EXPECT_FALSE(born("b", "198.51.100.9"));
  auto pair = born("a", "192.0.2.1");
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->one.instance, "a");
  EXPECT_EQ(pair->one.address, "192.0.2.1");
  EXPECT_EQ(pair->other.instance, "b");
  EXPECT_EQ(pair->other.address, "198.51.100.9");
  EXPECT_LT(pair->other.seen, pair->one.seen);
}

TEST_F(CloneWatchTest, TwoThatGoOnAreToldOnceAnHour) {
  int told = 0;
  for (int i = 0; i < 3 * 3600; ++i) told += born(i % 2 ? "a" : "b") ? 1 : 0;
  EXPECT_EQ(told, 3);
}

TEST_F(CloneWatchTest, OneDeviceSaysNothingAboutAnother) {
  EXPECT_FALSE(born("a"));
  EXPECT_FALSE(watch.born(DeviceId("d-2"), "b", now));
  EXPECT_FALSE(born("a"));
}

}  // namespace
}  // namespace fairlead::server
