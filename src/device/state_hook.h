// SPDX-License-Identifier: Apache-2.0
// What the device shows whoever stands beside it, by a program of its own (a light, a display):
//
//   STATE-HOOK off | offering | session | joining | online | failed
//
// It is called at each change, has 20 seconds, and holds up the device's other work meanwhile.
#pragma once

#include "device/flow.h"
#include "device/local_door.h"

namespace fairlead::device {

enum class Shown : std::uint8_t {
  off,       // nobody is let in, and there is no upstream
  offering,  // the door is open
  session,   // somebody has proven the code, and is at it
  joining,   // what they gave is being tried
  online,
  failed  // it was rolled back; another try may follow
};
std::string_view to_string(Shown shown);

Shown shown_state(const DoorLook& door, State flow);

// Calls the hook at each change, until the loop stops. What it fails with is said once. All outlive
// it; `door` may be null.
net::Task<void> show_state(const Config& config, Workshop shop, Log& log, const LocalDoor* door,
                           std::function<State()> flow);

}  // namespace fairlead::device
