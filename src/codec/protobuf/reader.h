// SPDX-License-Identifier: Apache-2.0
// A total decoder of the Protocol Buffers wire format (protobuf.dev, "Encoding"), field by field:
//
//   message = *( tag value )        tag = varint of (field number << 3 | wire type)
//   value   = varint | 8 bytes | length-delimited | 4 bytes
//
// The caller walks the fields with next() and takes the values that it knows; what it doesn't take
// is skipped, as proto3 asks of unknown fields. Of a field that comes twice the last one counts
// (an embedded message replaces the earlier one as a whole). Refused: field number 0 and above
// 2^29 - 1, varints of more than ten bytes or more than 64 bits, groups (wire types 3 and 4),
// lengths beyond the end. The first error sticks: next() answers false, and finish() says why.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::protobuf {

class Reader {
 public:
  explicit Reader(View in) : in_(in) {}  // views `in`; must not outlive it

  // Goes to the next field; false at the end or after an error.
  bool next();
  std::uint32_t field() const { return field_; }  // number of the present field

  // The value of the present field, once. An error if the field is of another wire type.
  std::uint64_t varint();
  std::uint32_t uint32();             // an error if larger
  std::int32_t int32();               // as proto3 writes it: sign-extended to 64 bits
  bool boolean();                     // 0 or 1
  View bytes(std::size_t max);        // also an embedded message; views the input
  std::string text(std::size_t max);  // UTF-8

  void fail_here(std::string_view why);  // a decoder's own complaint about the present field
  void fail_with(Error error);
  bool failed() const { return error_.has_value(); }

  Result<void> finish() const;  // the first error, or ok; call it when next() was false
  template <class T>
  Result<T> finish(T value) const {
    auto result = finish();
    if (!result) return std::unexpected(result.error());
    return value;
  }

 private:
  enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, delimited = 2, fixed32 = 5 };
  std::uint64_t take_varint();
  View take(std::uint64_t count);
  bool at(Wire wire);  // the present value is of this type and not taken yet

  View in_;
  std::size_t position_ = 0;
  std::uint32_t field_ = 0;
  Wire wire_ = Wire::varint;
  bool pending_ = false;  // the present value is not taken yet
  std::optional<Error> error_;
};

}  // namespace fairlead::protobuf
