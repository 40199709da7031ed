// SPDX-License-Identifier: Apache-2.0
#include "codec/cbor/writer.h"

namespace fairlead::cbor {

void Writer::head(std::uint8_t major, std::uint64_t value) {
  auto first = static_cast<std::uint8_t>(major << 5);
  if (value < 24) {
    out_.push_back(static_cast<std::uint8_t>(first | value));
    return;
  }
  int width = value <= 0xFF ? 0 : value <= 0xFFFF ? 1 : value <= 0xFFFFFFFF ? 2 : 3;
  out_.push_back(static_cast<std::uint8_t>(first | (24 + width)));
  for (int shift = (8 << width) - 8; shift >= 0; shift -= 8)
    out_.push_back(static_cast<std::uint8_t>(value >> shift));
}

Writer& Writer::array(std::size_t count) { return head(4, count), *this; }
Writer& Writer::map(std::size_t pairs) { return head(5, pairs), *this; }
Writer& Writer::uint(std::uint64_t value) { return head(0, value), *this; }

Writer& Writer::integer(std::int64_t value) {
  if (value >= 0)
    head(0, static_cast<std::uint64_t>(value));
  else
    head(1, static_cast<std::uint64_t>(-1 - value));
  return *this;
}

Writer& Writer::bytes(View value) {
  head(2, value.size());
  append(out_, value);
  return *this;
}

Writer& Writer::text(std::string_view value) {
  head(3, value.size());
  append(out_, as_view(value));
  return *this;
}

Writer& Writer::boolean(bool value) { return out_.push_back(value ? 0xF5 : 0xF4), *this; }
Writer& Writer::null() { return out_.push_back(0xF6), *this; }
Writer& Writer::tag(std::uint64_t value) { return head(6, value), *this; }
Writer& Writer::raw(View encoded) { return append(out_, encoded), *this; }

}  // namespace fairlead::cbor
