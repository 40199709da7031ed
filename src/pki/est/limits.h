// SPDX-License-Identifier: Apache-2.0
// EST's bounds, for both ends.
#pragma once

#include <chrono>
#include <cstddef>

namespace fairlead::limits {

inline constexpr std::size_t est_request_bytes_max = 16 * 1024;  // a request of 8 KiB in base64
inline constexpr std::size_t est_answer_bytes_max = 128 * 1024;
inline constexpr std::size_t est_credentials_bytes_max = 512;  // user name and password
inline constexpr auto est_retry_after_max = std::chrono::hours(24);

}  // namespace fairlead::limits
