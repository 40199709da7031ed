// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::pem {

struct Block {
  std::string label;  // "OWNERSHIP VOUCHER"
  Bytes content;
};

// RFC 7468 §2, lax form: text before, between and after blocks is skipped. An unfinished block, a
// foreign END or bad base64 is an error. At most limits::pem_bytes_max of input.
Result<std::vector<Block>> decode(std::string_view text);
std::string encode(std::string_view label, View content);  // lines of 64

}  // namespace fairlead::pem
