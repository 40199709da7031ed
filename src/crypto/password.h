// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::crypto {

// RFC 7914 with N = 2^15, r = 8, p = 1: 32 MiB and some 100 ms on purpose. 32 bytes.
Result<Bytes> scrypt(std::string_view password, View salt);

}  // namespace fairlead::crypto
