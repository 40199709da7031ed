// SPDX-License-Identifier: Apache-2.0
// When the owner registers again.
#include "server/to0_registrar.h"

#include <gtest/gtest.h>

namespace fairlead::server {
namespace {

TEST(To0Schedule, RefreshesBetweenHalfAndFourFifthsOfWhatWasGranted) {
  EXPECT_EQ(refresh_after(3600, 0), std::chrono::seconds(1800));
  EXPECT_EQ(refresh_after(3600, 255), std::chrono::seconds(2880));
  for (int dice = 0; dice < 255; ++dice)
    EXPECT_LE(refresh_after(3600, static_cast<std::uint8_t>(dice)),
              refresh_after(3600, static_cast<std::uint8_t>(dice + 1)));
  EXPECT_GT(refresh_after(1, 0), Duration(0));
  EXPECT_EQ(refresh_after(UINT32_MAX, 0), Duration(std::int64_t{UINT32_MAX} * 500));  // no overflow
}

TEST(To0Schedule, RetriesFromASecondDoublingToTenMinutesWithAQuarterOfJitter) {
  EXPECT_EQ(retry_after(1, 0), Duration(750));
  EXPECT_EQ(retry_after(1, 255), Duration(1250));
  EXPECT_EQ(retry_after(2, 0), Duration(1500));
  EXPECT_EQ(retry_after(10, 0), Duration(512'000 * 3 / 4));
  EXPECT_EQ(retry_after(11, 0), Duration(450'000));
  EXPECT_EQ(retry_after(1'000'000, 255), Duration(750'000));
  EXPECT_EQ(retry_after(0, 0), Duration(750));  // never at once, whatever was stored
  EXPECT_EQ(retry_after(-5, 0), Duration(750));
}

}  // namespace
}  // namespace fairlead::server
