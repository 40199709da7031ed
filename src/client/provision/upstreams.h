// SPDX-License-Identifier: Apache-2.0
// Which upstreams a device knows of, and the choice among them.
#pragma once

#include <boost/json/object.hpp>

#include "client/provision/device_link.h"

namespace fairlead::client {

// Best first. conflict: the device is not one that tells.
Answer<std::vector<local::Upstream>> ask_upstreams(DeviceLink& link);

// The one that a person means: by the first eight or more hexadecimal digits of its key's
// fingerprint, or by its whole URI. The best where one upstream is named in several ways.
// not_found: there is none; conflict: several keys begin so, or several are behind this URI.
Answer<local::Upstream> find_upstream(const std::vector<local::Upstream>& all,
                                      std::string_view wanted);

// The device tries this one first from now on, and only with this key (SHA-256 of its
// SubjectPublicKeyInfo; empty: any). An empty URI: none any more. failed: the device's words.
Answer<void> choose_upstream(DeviceLink& link, const std::string& uri, const Bytes& fingerprint);

// What a person wants of a device's choice: one of the three, or nothing but to look.
struct UpstreamWish {
  std::string choose;   // as find_upstream() takes it; with the key that it has
  std::string give;     // a URI, seen or not
  Bytes key{};          // that the given one has to have; empty: any
  bool forget = false;  // none is chosen any more
};
struct UpstreamsSeen {
  std::vector<local::Upstream> all;  // after the wish, best first
  bool changed = false;              // something was wished
  std::string uri;                   // what it is now, and its key; empty: none any more
  Bytes key;
};
Answer<UpstreamsSeen> upstreams(DeviceLink& link, const UpstreamWish& wish);

// {"source", "interface", "uri", "name", "address", "key", "certificate", "milliseconds",
//  "result", "seconds"}; fingerprints in hexadecimal.
boost::json::object to_json(const local::Upstream& upstream);

}  // namespace fairlead::client
