// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/strong_id.h"

namespace fairlead::server {

// How a device that is connected hears that it goes out of use.
class Farewell {
 public:
  virtual ~Farewell() = default;
  // Orders it to remove its secrets, and waits three seconds at most for its word that it has.
  // False: no word came. Blocks; not on the loop's thread.
  virtual bool send_off(const DeviceId& device, const std::string& topic_prefix) = 0;
};

}  // namespace fairlead::server
