// SPDX-License-Identifier: Apache-2.0
// The port by which a service is made known on the local network (RFC 6763 over RFC 6762).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace fairlead::link {

struct Announcement {
  std::string instance;               // one label of at most 63 bytes, UTF-8, dots not escaped
  std::string type;                   // "_fairlead-dev._tcp"
  std::vector<std::string> subtypes;  // "_new"
  // false: nobody finds it by browsing (no PTR); who knows the instance's name can resolve it.
  bool browsable = true;

  // What differs by interface. One that isn't there is passed over.
  struct Place {
    std::string interface;
    std::uint16_t port = 0;
    std::vector<std::pair<std::string, std::string>> text;  // each "key=value" at most 255 bytes
    bool operator==(const Place&) const = default;
  };
  std::vector<Place> places;
  bool operator==(const Announcement&) const = default;
};

// Asked for again and again; the same announcement changes nothing. What goes wrong is logged, once
// per reason, and tried again: who announces has nothing to do about it.
class Announcer {
 public:
  virtual ~Announcer() = default;
  virtual void announce(const Announcement& announcement) = 0;  // instead of any earlier one
  virtual void withdraw() = 0;                                  // with a goodbye to the network
};

}  // namespace fairlead::link
