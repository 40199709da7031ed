// SPDX-License-Identifier: Apache-2.0
// One look at one device on a plant's network, by whatever way it was seen. All of it is a hint:
// anybody on that network can say it. Proof comes with the device's code and its Offer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::client {

inline constexpr std::size_t sighting_line_bytes_max = 8 * 1024;
inline constexpr std::size_t said_bytes_max = 255;  // of each thing that a device says of itself

// What a device says of itself (TXT record, `proto-ver`). Empty: it doesn't say.
struct Said {
  std::string product_uri;   // IEC 61406 identification link, compared byte for byte
  std::string product_hash;  // base64url SHA-256 of it, where it is too long to be announced
  std::string vendor, model, serial, firmware;
  std::string state;         // "new", "button" (new, and just pressed), "busy", "owned", "fault"
  std::string provisioning;  // path and version of its provisioning service
  std::string fingerprint;   // first 16 hex digits of its key's
  std::string tag;           // free text that is kept on the device
  friend bool operator==(const Said&, const Said&) = default;
};

enum class SeenBy { announcement, address };
std::string_view to_string(SeenBy by);

struct Sighting {
  SeenBy by = SeenBy::announcement;
  std::string interface;               // "eth0", by which it was seen; empty: routed
  std::vector<std::string> addresses;  // numeric, without a zone; the one that answered first
  std::uint16_t port = 0;              // of its provisioning service
  std::string instance;                // of the announcement: "SN101.acme.example"
  Said said;
  bool gone = false;            // it said goodbye
  bool foreign_source = false;  // announced from an address that it doesn't name as its own
  friend bool operator==(const Sighting&, const Sighting&) = default;
};

// A line of JSON without its line break: what `fairlead scanner` prints and other programs read.
std::string to_line(const Sighting& sighting);
// At most sighting_line_bytes_max. malformed names the member.
Result<Sighting> decode_sighting(std::string_view line);

}  // namespace fairlead::client
