// SPDX-License-Identifier: Apache-2.0
// What commands do with Bluetooth, by whatever central `open` gives.
#pragma once

#include "cli/context.h"
#include "link/central.h"

namespace fairlead::cli {

Bluetooth bluetooth_by(link::OpenCentral open);

}  // namespace fairlead::cli
