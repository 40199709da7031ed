// SPDX-License-Identifier: Apache-2.0
// The network settings that a row plans for its device.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/plan/row.h"
#include "local/commands.h"

namespace fairlead::client {

bool is_numeric_address(std::string_view text);  // IPv4 or IPv6, without a zone
// "10.77.0.5/24": an address and the length of its network's prefix.
std::optional<local::NetworkSettings::Address> parse_prefix_address(std::string_view text);
// Numeric addresses, separated by spaces; at most 4.
std::optional<std::vector<std::string>> parse_addresses(std::string_view text);

// None: the row leaves the device's network as it is. Of a row whose values stand no objection.
std::optional<local::NetworkSettings> network_wish(const Row& row);

}  // namespace fairlead::client
