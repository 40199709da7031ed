// SPDX-License-Identifier: Apache-2.0
#include "base/checkpoint.h"

#include <gtest/gtest.h>

#include <csignal>

namespace fairlead {
namespace {

class Silence final : public Log {
  void write(const LogEvent&, std::span<const Field>) override {}
};

struct CrashPoints : testing::Test {
  Silence log;
  void pass(const Checkpoint& checkpoint, std::initializer_list<const char*> points) {
    for (const char* point : points) EXPECT_TRUE(checkpoint(point));
  }
};

TEST_F(CrashPoints, LetTheProgramLiveWhereNoneIsWanted) {
  pass(crash_points("", log), {"stage.before", "stage.durable"});
}

TEST_F(CrashPoints, KillWithoutAnyFarewell) {
  EXPECT_EXIT(pass(crash_points("stage.durable", log), {"stage.before", "stage.durable"}),
              testing::KilledBySignal(SIGKILL), "");
}

TEST_F(CrashPoints, KillAtTheTimeThatIsWantedAndNotBefore) {
  auto third = crash_points("message-68.received:3", log);
  pass(third, {"message-68.received", "message-68.received", "message-68.answering"});
  EXPECT_EXIT(pass(third, {"message-68.received"}), testing::KilledBySignal(SIGKILL), "");
}

TEST_F(CrashPoints, CountTogetherInAllCopies) {
  auto one = crash_points("stage:2", log);
  auto other = one;
  pass(one, {"stage"});
  EXPECT_EXIT(pass(other, {"stage"}), testing::KilledBySignal(SIGKILL), "");
}

}  // namespace
}  // namespace fairlead
