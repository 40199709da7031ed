// SPDX-License-Identifier: Apache-2.0
#include "device/back_off.h"

#include <gtest/gtest.h>

namespace fairlead::device {
namespace {

using std::chrono::seconds;

TEST(BackOff, DoublesUpToTheMostAndIsSpreadByAQuarter) {
  EXPECT_EQ(back_off(seconds(2), 0, seconds(3600), 0), Duration(1500));
  EXPECT_EQ(back_off(seconds(2), 0, seconds(3600), 255), Duration(2500));
  EXPECT_EQ(back_off(seconds(2), 3, seconds(3600), 0), seconds(12));
  EXPECT_EQ(back_off(seconds(30), 9, seconds(600), 0), seconds(450));
  EXPECT_EQ(back_off(seconds(30), 4'000'000'000u, seconds(86'400), 0), seconds(2880));
}

TEST(BackOff, DevicesThatFailedTogetherComeBackApart) {
  for (int draw = 0; draw < 255; ++draw)
    EXPECT_LT(back_off(seconds(600), 0, seconds(3600), static_cast<std::uint8_t>(draw)),
              back_off(seconds(600), 0, seconds(3600), static_cast<std::uint8_t>(draw + 1)));
}

TEST(BackOff, WhoIsToldWhenToComeNeverComesEarlier) {
  EXPECT_EQ(held_off(seconds(60), seconds(3600), 0), seconds(60));
  EXPECT_EQ(held_off(seconds(60), seconds(3600), 255), seconds(75));
  EXPECT_EQ(held_off(seconds(60), seconds(20), 0), seconds(20));
  EXPECT_EQ(held_off(seconds(0), seconds(20), 255), seconds(0));
}

}  // namespace
}  // namespace fairlead::device
