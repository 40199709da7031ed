// SPDX-License-Identifier: Apache-2.0
#include "device/captive_portal.h"

#include <gtest/gtest.h>

namespace fairlead::device {
namespace {

TEST(CaptivePortal, SendsToAnotherHost) {
  EXPECT_EQ(portal_in("broker.example", 302, "http://portal.example/login?from=x"),
            "portal.example");
  EXPECT_EQ(portal_in("broker.example", 307, "https://10.0.0.1:8443/"), "10.0.0.1");
}

TEST(CaptivePortal, SaysSoByItsStatus) {
  EXPECT_TRUE(portal_in("broker.example", 511, std::nullopt));
}

TEST(CaptivePortal, IsNoServerThatIsItself) {
  EXPECT_FALSE(portal_in("broker.example", 301, "https://broker.example/"));
  EXPECT_FALSE(portal_in("broker.example", 302, "/login"));
  EXPECT_FALSE(portal_in("broker.example", 302, std::nullopt));
  EXPECT_FALSE(portal_in("broker.example", 404, std::nullopt));
  EXPECT_FALSE(portal_in("broker.example", 200, "http://portal.example/"));
}

}  // namespace
}  // namespace fairlead::device
