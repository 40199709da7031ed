// SPDX-License-Identifier: Apache-2.0
// A strict DER decoder (X.690): definite, minimal lengths; low tag numbers; the first error sticks.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::der {

inline constexpr std::uint8_t boolean = 0x01, integer = 0x02, bit_string = 0x03,
                              octet_string = 0x04, null = 0x05, oid = 0x06, utf8_string = 0x0C,
                              sequence = 0x30, set = 0x31, printable_string = 0x13,
                              ia5_string = 0x16, utc_time = 0x17, generalized_time = 0x18;
constexpr std::uint8_t context(std::uint8_t n) { return static_cast<std::uint8_t>(0x80 | n); }
constexpr std::uint8_t context_constructed(std::uint8_t n) {
  return static_cast<std::uint8_t>(0xA0 | n);
}

class Reader {
 public:
  explicit Reader(View in) : in_(in) {}

  bool at_end() const;
  bool failed() const { return error_.has_value(); }
  std::uint8_t peek_tag() const;   // 0 at the end or after an error
  View value(std::uint8_t tag);    // content of the next element, which must have this tag
  Reader enter(std::uint8_t tag);  // a reader over that content; carries our error
  View element(std::uint8_t tag);  // head and content together: what is signed or hashed
  View any_element();              // whatever comes next, whole
  View unsigned_integer(
      std::size_t max_bytes);     // content of a non-negative INTEGER, leading zero stripped
  std::uint64_t small_integer();  // non-negative, fits 64 bits
  View bit_string_octets();       // BIT STRING with no unused bits, without the leading count

  void fail_here(std::string_view why);
  Result<void> finish() const;  // first error, or "trailing bytes", or ok
  Result<void> status() const;

 private:
  struct Extent {
    View whole, content;
  };
  Extent next();  // of the next element; empty after an error

  View in_;
  std::size_t position_ = 0;
  std::optional<Error> error_;
};

}  // namespace fairlead::der
