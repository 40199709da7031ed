// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace fairlead::cli {

inline constexpr std::string_view version_text = "0.1.0";  // as in CMakeLists.txt

}  // namespace fairlead::cli
