// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace fairlead {

bool is_utf8(std::string_view text);  // RFC 3629: shortest form, no surrogates, at most U+10FFFF

}  // namespace fairlead
