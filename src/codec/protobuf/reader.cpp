// SPDX-License-Identifier: Apache-2.0
#include "codec/protobuf/reader.h"

#include <limits>

#include "codec/utf8.h"

namespace fairlead::protobuf {

void Reader::fail_with(Error error) {
  if (!error_) error_ = std::move(error);
}

void Reader::fail_here(std::string_view why) {
  fail_with({Errc::malformed, "protobuf field " + std::to_string(field_) + " before byte " +
                                  std::to_string(position_) + ": " + std::string(why)});
}

std::uint64_t Reader::take_varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (position_ == in_.size()) break;
    std::uint8_t byte = in_[position_++];
    // "Varints ... up to ten bytes": the tenth holds the last of 64 bits.
    if (shift == 63 && byte > 1) {
      fail_here("varint is longer than 64 bits");
      return 0;
    }
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  fail_here("varint does not end");
  return 0;
}

View Reader::take(std::uint64_t count) {
  if (error_) return {};
  if (count > in_.size() - position_) {
    fail_here("value goes beyond the end");
    return {};
  }
  View out = in_.subspan(position_, static_cast<std::size_t>(count));
  position_ += static_cast<std::size_t>(count);
  return out;
}

bool Reader::next() {
  if (pending_ && !error_) {  // unknown to the caller
    if (wire_ == Wire::varint) take_varint();
    if (wire_ == Wire::fixed64) take(8);
    if (wire_ == Wire::fixed32) take(4);
    if (wire_ == Wire::delimited) take(take_varint());
  }
  pending_ = false;
  if (error_ || position_ == in_.size()) return false;
  std::uint64_t tag = take_varint();
  std::uint64_t number = tag >> 3, wire = tag & 7;
  if (error_) return false;
  if (number == 0 || number > 0x1FFFFFFF) fail_here("field number is out of range");
  field_ = static_cast<std::uint32_t>(number & 0x1FFFFFFF);
  if (wire != 0 && wire != 1 && wire != 2 && wire != 5) fail_here("wire type is not supported");
  wire_ = static_cast<Wire>(wire);
  pending_ = !error_;
  return pending_;
}

bool Reader::at(Wire wire) {
  if (error_) return false;
  if (!pending_ || wire_ != wire) {
    fail_here("value is of another kind");
    return false;
  }
  pending_ = false;
  return true;
}

std::uint64_t Reader::varint() { return at(Wire::varint) ? take_varint() : 0; }

std::uint32_t Reader::uint32() {
  std::uint64_t value = varint();
  if (value > std::numeric_limits<std::uint32_t>::max()) fail_here("number is above 32 bits");
  return error_ ? 0 : static_cast<std::uint32_t>(value);
}

std::int32_t Reader::int32() {
  auto value = static_cast<std::int64_t>(varint());
  if (value > std::numeric_limits<std::int32_t>::max() ||
      value < std::numeric_limits<std::int32_t>::min())
    fail_here("number is outside 32 bits");
  return error_ ? 0 : static_cast<std::int32_t>(value);
}

bool Reader::boolean() {
  std::uint64_t value = varint();
  if (value > 1) fail_here("boolean is neither 0 nor 1");
  return !error_ && value == 1;
}

View Reader::bytes(std::size_t max) {
  if (!at(Wire::delimited)) return {};
  View out = take(take_varint());
  if (error_) return {};
  if (out.size() > max) {
    fail_here("value is longer than " + std::to_string(max) + " bytes");
    return {};
  }
  return out;
}

std::string Reader::text(std::size_t max) {
  std::string out(as_text(bytes(max)));
  if (!is_utf8(out)) {
    fail_here("text is not UTF-8");
    return {};
  }
  return out;
}

Result<void> Reader::finish() const {
  if (error_) return fail(*error_);
  return ok();
}

}  // namespace fairlead::protobuf
