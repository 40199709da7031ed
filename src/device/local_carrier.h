// SPDX-License-Identifier: Apache-2.0
// A way by which clients come to the device's door: HTTP, Bluetooth LE.
#pragma once

#include "base/result.h"

namespace fairlead::device {

class LocalCarrier {
 public:
  virtual ~LocalCarrier() = default;

  // Lets clients reach the door while it is open, and only then. Called twice a second on the
  // loop's thread; an error is why they can't just now, in words, and is tried again at the next
  // call.
  virtual Result<void> offer(bool open) = 0;
};

}  // namespace fairlead::device
