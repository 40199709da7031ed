// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "link/wifi.h"

namespace fairlead::link::wpa {

// Wi-Fi by the wpa_supplicant whose control socket this is ("/run/wpa_supplicant/wlan0"), which may
// come and go. It needs update_config=1. What is on trial, and what is to become of it, stands in
// the network's id_str, so that one file holds all that a power cut has to leave whole.
std::unique_ptr<Wifi> wpa_wifi(std::filesystem::path socket);

}  // namespace fairlead::link::wpa
