// SPDX-License-Identifier: Apache-2.0
#include "codec/der/reader.h"

namespace fairlead::der {

void Reader::fail_here(std::string_view why) {
  if (!error_)
    error_ = Error{Errc::malformed,
                   "DER at byte " + std::to_string(position_) + ": " + std::string(why)};
}

bool Reader::at_end() const { return !error_ && position_ == in_.size(); }

std::uint8_t Reader::peek_tag() const {
  return error_ || position_ >= in_.size() ? 0 : in_[position_];
}

// X.690 §10.1: "The definite form of length encoding shall be used, encoded in the minimum number
// of octets."
Reader::Extent Reader::next() {
  Extent none{};
  if (error_) return none;
  std::size_t left = in_.size() - position_;
  if (left < 2) return fail_here("ends too early"), none;
  if (in_[position_] == 0)
    return fail_here("tag 0 is reserved"), none;  // X.690 §8.1.5, end of contents
  if ((in_[position_] & 0x1F) == 0x1F) return fail_here("tag in the long form"), none;
  std::size_t length = in_[position_ + 1], head = 2;
  if (length >= 0x80) {
    std::size_t count = length & 0x7F;
    if (count == 0 || count > 3 || left < 2 + count) return fail_here("bad length"), none;
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8 | in_[position_ + 2 + i];
    if (length < 0x80 || (count > 1 && length >> (8 * (count - 1)) == 0))
      return fail_here("length is not minimal"), none;
    head += count;
  }
  if (length > left - head) return fail_here("length beyond the end"), none;
  return {in_.subspan(position_, head + length), in_.subspan(position_ + head, length)};
}

View Reader::value(std::uint8_t tag) {
  if (peek_tag() != tag) {
    fail_here("another element than expected");
    return {};
  }
  Extent extent = next();
  position_ += extent.whole.size();
  return extent.content;
}

View Reader::element(std::uint8_t tag) {
  if (peek_tag() != tag) {
    fail_here("another element than expected");
    return {};
  }
  return any_element();
}

View Reader::any_element() {
  Extent extent = next();
  position_ += extent.whole.size();
  return extent.whole;
}

Reader Reader::enter(std::uint8_t tag) {
  Reader inner(value(tag));
  inner.error_ = error_;
  return inner;
}

View Reader::unsigned_integer(std::size_t max_bytes) {
  View content = value(integer);
  if (error_) return {};
  if (content.empty() || (content[0] & 0x80))
    return fail_here("integer is negative or empty"), View{};
  if (content.size() > 1 && content[0] == 0) {
    if (!(content[1] & 0x80)) return fail_here("integer is not minimal"), View{};
    content = content.subspan(1);
  }
  if (content.size() > max_bytes) return fail_here("integer is too large"), View{};
  return content;
}

std::uint64_t Reader::small_integer() {
  std::uint64_t out = 0;
  for (auto byte : unsigned_integer(8)) out = out << 8 | byte;
  return out;
}

View Reader::bit_string_octets() {
  View content = value(bit_string);
  if (error_) return {};
  if (content.empty() || content[0] != 0) return fail_here("bit string has unused bits"), View{};
  return content.subspan(1);
}

Result<void> Reader::status() const {
  if (error_) return std::unexpected(*error_);
  return {};
}

Result<void> Reader::finish() const {
  if (error_) return std::unexpected(*error_);
  if (position_ != in_.size())
    return fail(Errc::malformed, "DER at byte " + std::to_string(position_) + ": trailing bytes");
  return {};
}

}  // namespace fairlead::der
