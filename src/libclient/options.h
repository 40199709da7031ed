// SPDX-License-Identifier: Apache-2.0
// The JSON options of the C interface.
#pragma once

#include <string>

#include "client/operator/problem.h"
#include "tool/scan.h"

namespace fairlead::libclient {

inline constexpr std::size_t options_bytes_max = 4 * 1024 * 1024;

struct ClientOptions {
  std::string server, token, ca_file;
  bool plain_http = false;
};
struct ApplyOptions {
  tool::ScanOptions look;
  std::string account;
  std::size_t at_once = 8;
  bool button = false;
};

struct UpstreamOptions {
  std::string address, code;  // of the device
  bool button = false;
  std::string choose;  // by key or URI
  std::string give;    // a URI, seen or not
  std::string key;     // that it has to have, in hexadecimal; may be empty
  bool forget = false;
};

// null is {}. usage names the member that is not known, or not what it should be.
client::Answer<ClientOptions> decode_client_options(const char* text);
client::Answer<tool::ScanOptions> decode_scan_options(const char* text);
// The device's address is not left out; of choose, give and forget there is one at most.
client::Answer<UpstreamOptions> decode_upstream_options(const char* text);
client::Answer<ApplyOptions> decode_apply_options(const char* text);

}  // namespace fairlead::libclient
