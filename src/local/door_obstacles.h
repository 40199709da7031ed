// SPDX-License-Identifier: Apache-2.0
// Why the door says no, for its own files.
#pragma once

#include "local/commands.h"

namespace fairlead::local {

inline Obstacle in_the_way(Progress progress) {
  return {"busy", "the device is " + std::string(to_string(progress)) + "; wait for the end"};
}

inline Obstacle no_wifi() { return {"unsupported", "this device joins no Wi-Fi networks"}; }

inline bool under_way(Progress progress) {
  return progress == Progress::checking || progress == Progress::joining ||
         progress == Progress::connecting;
}

}  // namespace fairlead::local
