// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "local/network_messages.h"

namespace fairlead::client {

std::string_view to_string(local::WifiAuth auth);  // "WPA2"

}  // namespace fairlead::client
