// SPDX-License-Identifier: Apache-2.0
// How long a device waits before it tries again, spread so that those that failed together don't
// come back together. `random_byte` is uniform.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace fairlead::device {

// `first`, doubled with each attempt before, at most `most`; then spread by a quarter to either
// side.
Duration back_off(Duration first, unsigned attempts, Duration most, std::uint8_t random_byte);

// What a busy server asked for, and up to a quarter more: never earlier.
Duration held_off(Duration asked, Duration most, std::uint8_t random_byte);

}  // namespace fairlead::device
