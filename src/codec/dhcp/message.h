// SPDX-License-Identifier: Apache-2.0
// The two questions that a device with an address puts to DHCP servers beside the system's own
// client: DHCPINFORM (RFC 2131 §4.4.3) and Information-Request (RFC 8415 §18.2.6); and their
// answers.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::dhcp {

using Mac = std::array<std::uint8_t, 6>;

// Options of one code. Those that came in several parts are joined (RFC 3396) in DHCPv4; in DHCPv6
// each stands for itself.
struct Option {
  std::uint16_t code = 0;
  Bytes value;
};

namespace v4 {

inline constexpr std::uint16_t redirect = 143, vendor = 43, domain = 15, name_servers = 6;

struct Inform {
  std::uint32_t transaction = 0;          // random
  std::array<std::uint8_t, 4> address{};  // the interface's own: never 0
  Mac mac{};
  std::string vendor_class;      // at most 255 bytes
  std::uint8_t site_option = 0;  // 224 to 254: asked for too; 0: none
};
Bytes encode_inform(const Inform& inform);
// malformed: not an answer to this question, or not well-formed. At most 1,500 bytes.
Result<std::vector<Option>> decode_answer(View in, const Inform& asked);

}  // namespace v4

namespace v6 {

inline constexpr std::uint16_t redirect = 136, vendor = 17, refresh_time = 32, name_servers = 23,
                               domains = 24;

struct InformationRequest {
  std::uint32_t transaction = 0;  // random, 24 bits
  Mac mac{};                      // of the DUID
  std::uint16_t elapsed = 0;      // hundredths of a second since the first try
  std::uint32_t enterprise = 0;   // whose vendor class and options
  std::string vendor_class;
};
Bytes encode_information_request(const InformationRequest& request);
Result<std::vector<Option>> decode_reply(View in, const InformationRequest& asked);

}  // namespace v6

}  // namespace fairlead::dhcp
