// SPDX-License-Identifier: Apache-2.0
#include "tool/connect.h"

#include <gtest/gtest.h>

namespace fairlead::tool {
namespace {

TEST(Connect, WhatIsNoUrlIsAnsweredByWhatToWrite) {
  for (const char* bad : {"127.0.0.1:8041", "127.0.0.1:x", "ftp://127.0.0.1", "http://[::1"}) {
    auto connected = connect_server({bad, {}, true});
    ASSERT_FALSE(connected) << bad;
    EXPECT_NE(connected.error().message.find(bad), std::string::npos);
    EXPECT_NE(connected.error().advice.find("http://ADDRESS:PORT"), std::string::npos);
  }
  EXPECT_FALSE(connect_device("127.0.0.1:x"));
  EXPECT_TRUE(connect_device("127.0.0.1:8080"));
}

}  // namespace
}  // namespace fairlead::tool
