// SPDX-License-Identifier: Apache-2.0
#include "device/state_hook.h"

#include <gtest/gtest.h>

namespace fairlead::device {
namespace {

using local::Progress;

TEST(ShownState, IsWhatSomebodyBesideTheDeviceWantsToKnow) {
  const struct {
    DoorLook door;
    State flow;
    Shown shown;
  } cases[] = {
      {{}, State::seeking, Shown::off},
      {{}, State::connecting, Shown::off},
      {{}, State::connected, Shown::online},
      {{true, false, Progress::waiting}, State::seeking, Shown::offering},
      {{true, false, Progress::waiting}, State::connected, Shown::offering},  // the button again
      {{true, true, Progress::waiting}, State::seeking, Shown::session},
      {{true, true, Progress::offered}, State::seeking, Shown::session},
      {{true, true, Progress::checking}, State::seeking, Shown::joining},
      {{true, false, Progress::joining}, State::seeking, Shown::joining},  // the phone went away
      {{true, true, Progress::connecting}, State::seeking, Shown::joining},
      {{true, true, Progress::failed}, State::seeking, Shown::failed},
      {{false, false, Progress::failed}, State::seeking, Shown::off},
      {{true, true, Progress::committed}, State::connecting, Shown::joining},
      {{true, true, Progress::committed}, State::connected, Shown::online},
      {{false, false, Progress::committed}, State::displaced, Shown::off},
  };
  for (const auto& each : cases)
    EXPECT_EQ(to_string(shown_state(each.door, each.flow)), to_string(each.shown))
        << to_string(each.flow) << " " << static_cast<int>(each.door.progress);
}

}  // namespace
}  // namespace fairlead::device
