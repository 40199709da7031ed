// SPDX-License-Identifier: Apache-2.0
// Protocol Buffers out, as a proto3 encoder writes them: fields in the order of the calls, scalars
// that have their default value (0, "", no bytes) left out.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace fairlead::protobuf {

class Writer {
 public:
  Writer& uint(std::uint32_t field, std::uint64_t value);
  Writer& int32(std::uint32_t field, std::int32_t value);  // negative: ten bytes
  Writer& boolean(std::uint32_t field, bool value) { return uint(field, value ? 1 : 0); }
  Writer& bytes(std::uint32_t field, View value);
  Writer& text(std::uint32_t field, std::string_view value) { return bytes(field, as_view(value)); }
  // An embedded message; written when empty too, since its presence says which of a oneof it is.
  Writer& message(std::uint32_t field, const Writer& content);

  View view() const { return out_; }
  Bytes take() { return std::move(out_); }

 private:
  void varint(std::uint64_t value);
  void delimited(std::uint32_t field, View value);
  Bytes out_;
};

}  // namespace fairlead::protobuf
