// SPDX-License-Identifier: Apache-2.0
// All that was seen, one entry for each device whatever its names, addresses, interfaces and ways
// of being seen; and what is odd about it.
#pragma once

#include <map>
#include <set>

#include "base/time.h"
#include "client/scan/sighting.h"

namespace fairlead::client {

inline constexpr std::size_t seen_devices_max = 10'000;  // more are counted and passed over
inline constexpr std::size_t places_of_device_max = 16;
inline constexpr auto seen_lifetime = std::chrono::seconds(120);  // an announcement's, unrepeated

// Where a device can be reached.
struct Place {
  SeenBy by = SeenBy::announcement;
  std::string interface, address;
  std::uint16_t port = 0;
  std::string instance, fingerprint;
  Time last{};
  std::string url() const;  // "http://[fe80::1%eth0]:8080"
};

enum class Oddity {
  none,
  duplicate,  // two devices say that they are this one
  foreign     // announced by somebody else than the device itself
};

struct SeenDevice {
  std::string key;  // stable while the program runs: by product URI, else vendor and serial, ...
  Said said;
  std::vector<Place> places;  // the best one first
  Time first{}, last{};
  bool present = true;  // false: said goodbye, or not heard of for seen_lifetime
  Oddity oddity = Oddity::none;
  std::string why_odd;  // in words
  // Somebody stands before it, or says so: what is announced is proven by nothing.
  bool button_pressed() const { return present && said.state == "button"; }
};

// By what one device is told from another: product URI, else vendor (or model) and serial, else
// the name of the announcement, else the address. Never a host name, and an address only where
// there is nothing else.
std::string key_of(const Sighting& sighting);

class Seen {
 public:
  // The device that changed, or none: nothing new but the time, or beyond a limit.
  const SeenDevice* on(const Sighting& sighting, Time now);
  // Devices that went silent just now.
  std::vector<const SeenDevice*> expire(Time now);

  std::vector<const SeenDevice*> devices() const;
  const SeenDevice* find(const std::string& key) const;
  std::size_t passed_over() const { return passed_over_; }

 private:
  std::map<std::string, SeenDevice> devices_;
  std::size_t passed_over_ = 0;
};

}  // namespace fairlead::client
