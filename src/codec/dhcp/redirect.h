// SPDX-License-Identifier: Apache-2.0
// Where a network says that a device finds its upstream: the redirect options of RFC 8572 §8, the
// vendor options, and what an option of the site holds. All of it is a hint: it costs time when it
// is wrong, never security.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::dhcp {

// Which of the forms in the field a redirect option had.
enum class RedirectForm {
  standard,      // RFC 8572 §8.3: lengths of two bytes
  short_length,  // lengths of one byte, as Kea 2.2 writes its type `tuple`
  bare           // one URI and nothing else
};

struct Redirect {
  RedirectForm form = RedirectForm::standard;
  std::vector<std::string> uris;
};

// Options 143 (DHCPv4) and 136 (DHCPv6). The first form that uses up the option exactly counts. At
// most 10 URIs; those that are not for us are left out (a plant may use the option for its
// switches), and there may be none left. malformed: none of the forms.
Result<Redirect> decode_redirect(View option);

// The sub-option 1 of an encapsulated vendor option: code and length of one byte each (option 43 of
// DHCPv4), or two (behind the enterprise number in option 17 of DHCPv6). Empty: nothing for us.
std::string decode_vendor4(View option);
std::string decode_vendor6(View option, std::uint32_t enterprise);

// fairlead://HOST:PORT or https://HOST..., at most 512 bytes, printable, without user information.
bool is_upstream_uri(std::string_view text);

}  // namespace fairlead::dhcp
