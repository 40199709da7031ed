// SPDX-License-Identifier: Apache-2.0
#include "client/provision/wifi_words.h"

#include <utility>

namespace fairlead::client {

std::string_view to_string(local::WifiAuth auth) {
  switch (auth) {
    case local::WifiAuth::open:
      return "open";
    case local::WifiAuth::wep:
      return "WEP";
    case local::WifiAuth::wpa_psk:
      return "WPA";
    case local::WifiAuth::wpa2_psk:
      return "WPA2";
    case local::WifiAuth::wpa_wpa2_psk:
      return "WPA/WPA2";
    case local::WifiAuth::wpa2_enterprise:
      return "enterprise";
    case local::WifiAuth::wpa3_psk:
      return "WPA3";
    case local::WifiAuth::wpa2_wpa3_psk:
      return "WPA2/WPA3";
  }
  std::unreachable();
}

}  // namespace fairlead::client
