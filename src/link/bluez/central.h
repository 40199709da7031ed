// SPDX-License-Identifier: Apache-2.0
// The port link::Central by bluetoothd.
#pragma once

#include "link/central.h"

namespace fairlead::link {

Result<std::unique_ptr<Central>> open_bluez_central(const std::string& adapter);

}  // namespace fairlead::link
