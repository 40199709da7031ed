// SPDX-License-Identifier: Apache-2.0
// Which Wi-Fi network a device is to join, by --wifi and what a person answers.
#pragma once

#include "cli/context.h"
#include "client/provision/provision.h"

namespace fairlead::cli {

// None without --wifi. The context outlives the wish.
std::optional<client::WifiWish> wifi_wish(Context& context);

// "0x" and an even number of hexadecimal digits are those bytes, as they are shown; anything else
// is itself.
Bytes ssid_of(const std::string& text);

}  // namespace fairlead::cli
