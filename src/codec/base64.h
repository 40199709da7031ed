// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace fairlead {

// RFC 4648 §4 and §5.
std::string to_base64(View bytes);                        // padded, one line
std::string to_base64url(View bytes);                     // unpadded
std::optional<Bytes> from_base64(std::string_view text);  // strict: padding right, no white space
std::optional<Bytes> from_base64_lenient(
    std::string_view text);  // SP, TAB, CR, LF anywhere (RFC 8951 §3)
std::optional<Bytes> from_base64url(std::string_view text);  // unpadded

}  // namespace fairlead
