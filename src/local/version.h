// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "local/handshake.h"

namespace fairlead::local {

// What a device says of itself before anybody proved anything, as its announcement does: a hint.
struct About {
  std::string product_uri, vendor, model, serial, firmware;
  std::string state;  // "new", "busy", "owned"; "button": new, and its button was just pressed
};

// What `proto-ver` answers, in JSON:
//   {"prov":{"ver":"v1.1","sec_ver":2,"sec_patch_ver":1,"cap":["wifi_prov"]},
//    "fairlead":{"ver":"1.0","cap":["offer"],"about":{"id":..,"vn":..,"md":..,"sn":..,"fw":..,"st":..}}}
// A bare version text is what old firmware says: Security 1 and nothing more.
struct Version {
  Security security = Security::x25519;
  NonceRule rule = NonceRule::fixed;      // without sec_patch_ver, as all stock clients take it
  std::vector<std::string> capabilities;  // "wifi_prov", "no_pop", ...
  std::vector<std::string> fairlead_capabilities;  // of the endpoint `fairlead`; empty: none
  About about;                                     // what is longer than 120 bytes is left out
  bool has(std::string_view capability) const;
};
std::string encode_version(const Version& version);
// At most local_version_bytes_max bytes and 32 capabilities; other members are ignored.
Result<Version> decode_version(View in);

}  // namespace fairlead::local
