// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "fdo/types.h"

namespace fairlead::server {

// What a role answers to a message: the next message, and what to keep until the one after it.
// Without state the run is over.
struct Answer {
  std::uint8_t type = 0;
  Bytes body;
  std::optional<Bytes> state;
};

// What is known of who sent a message.
struct Caller {
  std::string peer;  // address
  Time now{};
};

}  // namespace fairlead::server
