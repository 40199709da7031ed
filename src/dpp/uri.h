// SPDX-License-Identifier: Apache-2.0
// The bootstrapping URI, which is what a device's QR code holds:
//
//   uri      = "DPP:" 1*( field ";" ) ";"
//   field    = letter ":" value
//     C      = channel *( "," channel )    channel = [ opclass "/" ] number, the first with opclass
//     M      = 12 hex digits               I = printable ASCII        V = number
//     K      = base64 of the bootstrapping key, required
//
// Fields come in any order; unknown ones are passed over, and the first of a repeated one counts.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "dpp/keys.h"

namespace fairlead::dpp {

struct Channel {
  std::uint8_t operating_class = 0, number = 0;  // IEEE 802.11 Annex E: 81/6 is 2437 MHz
  friend bool operator==(const Channel&, const Channel&) = default;
};

struct BootstrapUri {
  std::vector<Channel> channels;  // where the device listens; none: it looks for others (chirps)
  std::optional<std::array<std::uint8_t, 6>> mac;
  std::string information;  // by the maker: "SN:press-04"
  unsigned version = 1;     // of the protocol
  BootstrapKey key;
};

// At most dpp_uri_bytes_max and dpp_channels_max. Errors say what a person who scanned something
// else can understand.
Result<BootstrapUri> decode_bootstrap_uri(std::string_view text);
std::string encode_bootstrap_uri(const BootstrapUri& uri);

}  // namespace fairlead::dpp
