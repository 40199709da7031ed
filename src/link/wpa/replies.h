// SPDX-License-Identifier: Apache-2.0
// What wpa_supplicant 2.10 answers and says by itself, as plain values. Names of networks come from
// strangers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "link/wifi.h"

namespace fairlead::link::wpa {

inline constexpr std::size_t wifi_networks_max =
    256;  // heard in one scan, or known; the rest is dropped

// scan-results = heading LF *(bssid TAB frequency TAB signal TAB flags TAB ssid LF)
// A line that is none is passed over: one strange network must not hide the others.
std::vector<WifiNetwork> decode_scan_results(std::string_view reply);

struct KnownNetwork {
  std::string id;  // decimal
  bool enabled = true;
};
// network-list = heading LF *(id TAB ssid TAB bssid TAB flags LF)
std::vector<KnownNetwork> decode_network_list(std::string_view reply);

// The value of NAME in *(name "=" value LF); "" where it isn't there.
std::string decode_status_value(std::string_view reply, std::string_view name);

// Text as wpa_supplicant prints bytes: \" \\ \e \n \r \t \xHH. Anything else is itself.
Bytes decode_printed(std::string_view text);

}  // namespace fairlead::link::wpa
