// SPDX-License-Identifier: Apache-2.0
// What somebody scans from a device, and what is printed for it:
//
//   label    = setup / carried / link / dpp           ; line ends of a hand scanner may follow
//   setup    = "{" ... "}"                            ; local/setup_label.h
//   carried  = link whose query has data=setup        ; percent-encoded or not: Espressif's tools
//   link     = ( "http://" / "https://" ) 1*VCHAR     ; identification link, IEC 61406-1
//   dpp      = "DPP:" ... ";;"                        ; dpp/uri.h
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "dpp/uri.h"
#include "local/setup_label.h"

namespace fairlead::client {

// One product instance, all over the world. Opaque: it is compared byte for byte, and never fetched
// because somebody scanned it.
struct ProductLink {
  std::string uri;
  friend bool operator==(const ProductLink&, const ProductLink&) = default;
};

using Label = std::variant<local::SetupLabel, ProductLink, dpp::BootstrapUri>;

// At most label_text_bytes_max. Errors say to whoever scanned what it is instead: malformed, or
// unsupported for what is a code of another system. A setup label's `dpp` can be decoded.
Result<Label> parse_label(std::string_view text);
std::string label_text(const Label& label);

// What an NFC tag holds for it: one record (codec/ndef.h), of a URI for a link and Easy Connect,
// and of the media type below for a setup label. Of a message with several records, the first label
// counts; a setup label also from application/json.
inline constexpr std::string_view setup_media_type = "application/vnd.fairlead.setup+json";
Result<Label> parse_tag(View message);
Bytes label_tag(const Label& label);

}  // namespace fairlead::client
