// SPDX-License-Identifier: Apache-2.0
#include "codec/protobuf/writer.h"

namespace fairlead::protobuf {

void Writer::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<std::uint8_t>(value | 0x80));
  out_.push_back(static_cast<std::uint8_t>(value));
}

void Writer::delimited(std::uint32_t field, View value) {
  varint(std::uint64_t{field} << 3 | 2);
  varint(value.size());
  append(out_, value);
}

Writer& Writer::uint(std::uint32_t field, std::uint64_t value) {
  if (value == 0) return *this;
  varint(std::uint64_t{field} << 3);
  varint(value);
  return *this;
}

Writer& Writer::int32(std::uint32_t field, std::int32_t value) {
  return uint(field, static_cast<std::uint64_t>(std::int64_t{value}));
}

Writer& Writer::bytes(std::uint32_t field, View value) {
  if (!value.empty()) delimited(field, value);
  return *this;
}

Writer& Writer::message(std::uint32_t field, const Writer& content) {
  delimited(field, content.out_);
  return *this;
}

}  // namespace fairlead::protobuf
