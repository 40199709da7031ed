// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace fairlead::server {

// RFC 3986 §2.1. A percent sign that no two hexadecimal digits follow stands for itself.
std::string percent_decoded_path(std::string_view text);
std::string percent_decoded(std::string_view text);  // of a query: "+" is a space, too

}  // namespace fairlead::server
