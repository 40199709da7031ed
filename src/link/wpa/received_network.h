// SPDX-License-Identifier: Apache-2.0
// What wpa_supplicant 2.10 says while it is an Enrollee of Wi-Fi Easy Connect, collected to the
// network that it was given. Without I/O: the events are a Configurator's words, so recorded ones
// are the test.
#pragma once

#include "link/wifi.h"

namespace fairlead::link::wpa {

class ReceivedNetwork {
 public:
  void on_event(std::string_view event);

  // Whether there is something to take: a network of which all is told as soon as wpa_supplicant
  // says something else, or a failure.
  bool is_there() const { return began_ || !failure_.empty(); }
  // Forgets it. refused, in words: the exchange failed, or gave what no station can join by.
  Result<WifiCredentials> take();

 private:
  bool began_ = false;
  bool has_raw_key_ = false;  // 64 hexadecimal digits where a passphrase could be
  unsigned objects_ = 0;      // the first configuration is the one that is taken
  std::string akm_, failure_;
  WifiCredentials network_;
  WifiConnector connector_;
};

}  // namespace fairlead::link::wpa
