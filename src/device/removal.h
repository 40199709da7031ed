// SPDX-License-Identifier: Apache-2.0
// What a device gives up, and what stays: a reset, and the end of its use. May block.
#pragma once

#include <filesystem>

#include "device/identity.h"

namespace fairlead::device {

enum class Afterwards { begins_anew, stays_out_of_use };

// Keys for the upstream, certificate and Grant, what was staged of another, the owner's word and
// files (in `work`) go; the factory's credential stays. The first step is one rename and decides;
// the rest can be repeated, and is at the next start.
Result<void> give_up_upstream(const StateDirectory& directory, keystore::Keystore& keystore,
                              const std::filesystem::path& work, Identity& identity,
                              Afterwards afterwards);

}  // namespace fairlead::device
