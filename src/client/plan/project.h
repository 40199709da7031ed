// SPDX-License-Identifier: Apache-2.0
// The project file: a plan as JSON. It holds codes, so it is written readable by its owner only.
#pragma once

#include "base/result.h"
#include "client/plan/row.h"

namespace fairlead::client {

inline constexpr std::size_t project_bytes_max = 256 * 1024 * 1024;

std::string encode_project(const Plan& plan);
// malformed: not a project, or a row that can't be (named by its number). unsupported: of a newer
// version.
Result<Plan> decode_project(std::string_view text);

}  // namespace fairlead::client
