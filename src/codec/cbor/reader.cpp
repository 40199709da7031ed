// SPDX-License-Identifier: Apache-2.0
#include "codec/cbor/reader.h"

#include <bit>
#include <cmath>
#include <limits>

#include "base/limits.h"
#include "codec/utf8.h"

namespace fairlead::cbor {

namespace {

constexpr std::uint8_t major_uint = 0, major_negative = 1, major_bytes = 2, major_text = 3,
                       major_array = 4, major_map = 5, major_tag = 6, major_simple = 7;

double half_to_double(std::uint16_t half) {
  int exponent = (half >> 10) & 0x1F;
  int mantissa = half & 0x3FF;
  double value = exponent == 0    ? std::ldexp(mantissa, -24)
                 : exponent != 31 ? std::ldexp(mantissa + 1024, exponent - 25)
                 : mantissa == 0  ? std::numeric_limits<double>::infinity()
                                  : std::numeric_limits<double>::quiet_NaN();
  return half & 0x8000 ? -value : value;
}

}  // namespace

Reader::Reader(View in) : in_(in) {}

bool Reader::at_end() const { return !error_ && position_ == in_.size(); }
bool Reader::failed() const { return error_.has_value(); }
std::size_t Reader::position() const { return position_; }

void Reader::fail_here(std::string_view why) {
  if (!error_)
    error_ = Error{Errc::malformed,
                   "CBOR at byte " + std::to_string(position_) + ": " + std::string(why)};
}

void Reader::fail_with(Error error) {
  if (!error_) error_ = std::move(error);
}

Result<void> Reader::status() const {
  if (error_) return std::unexpected(*error_);
  return {};
}

Result<void> Reader::finish() const {
  if (error_) return std::unexpected(*error_);
  if (position_ != in_.size())
    return fail(Errc::malformed, "CBOR at byte " + std::to_string(position_) + ": trailing bytes");
  return {};
}

Kind Reader::peek() const {
  if (error_ || position_ >= in_.size()) return Kind::none;
  std::uint8_t first = in_[position_];
  switch (first >> 5) {
    case major_uint:
      return Kind::uint;
    case major_negative:
      return Kind::negative;
    case major_bytes:
      return Kind::bytes;
    case major_text:
      return Kind::text;
    case major_array:
      return Kind::array;
    case major_map:
      return Kind::map;
    case major_tag:
      return Kind::tag;
    default:
      break;
  }
  switch (first & 0x1F) {
    case 20:
    case 21:
      return Kind::boolean;
    case 22:
      return Kind::null;
    case 23:
      return Kind::undefined;
    case 25:
    case 26:
    case 27:
      return Kind::floating;
    default:
      return Kind::simple;
  }
}

// RFC 8949 §3: additional information 0..23 is the value, 24..27 says how many bytes hold
// it, 28..30 are reserved, 31 is an indefinite length, which FDO's peers must not send and we
// refuse.
std::optional<Reader::Head> Reader::head() {
  if (error_) return std::nullopt;
  if (position_ >= in_.size()) {
    fail_here("ends too early");
    return std::nullopt;
  }
  std::uint8_t first = in_[position_];
  Head out{static_cast<std::uint8_t>(first >> 5), static_cast<std::uint8_t>(first & 0x1F), 0};
  if (out.info < 24) {
    out.value = out.info;
    ++position_;
    return out;
  }
  if (out.info > 27) {
    fail_here(out.info == 31 ? "indefinite length" : "reserved head");
    return std::nullopt;
  }
  std::size_t width = std::size_t{1} << (out.info - 24);
  if (in_.size() - position_ - 1 < width) {
    fail_here("ends too early");
    return std::nullopt;
  }
  for (std::size_t i = 0; i < width; ++i) out.value = out.value << 8 | in_[position_ + 1 + i];
  position_ += 1 + width;
  return out;
}

View Reader::take(std::uint64_t count) {
  if (error_) return {};
  if (count > in_.size() - position_) {
    fail_here("length beyond the end");
    return {};
  }
  View out = in_.subspan(position_, static_cast<std::size_t>(count));
  position_ += static_cast<std::size_t>(count);
  return out;
}

// Takes a head that must be of `major`; its value, or 0 after an error.
std::uint64_t Reader::expect(std::uint8_t major, std::string_view what) {
  std::size_t before = position_;
  auto h = head();
  if (!h) return 0;
  if (h->major != major) {
    position_ = before;
    fail_here(std::string("expected ") + std::string(what));
    return 0;
  }
  return h->value;
}

void Reader::array(std::size_t count) {
  std::uint64_t actual = expect(major_array, "an array");
  if (!error_ && actual != count)
    fail_here("array of " + std::to_string(actual) + " where " + std::to_string(count) +
              " are due");
}

std::size_t Reader::array_between(std::size_t min, std::size_t max) {
  std::uint64_t count = expect(major_array, "an array");
  if (!error_ && (count < min || count > max)) fail_here("array has too many or too few elements");
  return error_ ? 0 : static_cast<std::size_t>(count);
}

std::size_t Reader::map(std::size_t pairs_max) {
  std::uint64_t pairs = expect(major_map, "a map");
  if (!error_ && pairs > pairs_max) fail_here("map has too many pairs");
  return error_ ? 0 : static_cast<std::size_t>(pairs);
}

std::uint64_t Reader::uint() { return expect(major_uint, "an unsigned integer"); }

std::uint64_t Reader::uint_at_most(std::uint64_t max) {
  std::uint64_t value = uint();
  if (!error_ && value > max) fail_here("integer is too large");
  return error_ ? 0 : value;
}

std::int64_t Reader::integer() {
  std::size_t before = position_;
  auto h = head();
  if (!h) return 0;
  if (h->major > major_negative) {
    position_ = before;
    fail_here("expected an integer");
    return 0;
  }
  if (h->value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    fail_here("integer does not fit 64 bits");
    return 0;
  }
  auto value = static_cast<std::int64_t>(h->value);
  return h->major == major_negative ? -1 - value : value;
}

bool Reader::boolean() {
  if (peek() != Kind::boolean) {
    fail_here("expected true or false");
    return false;
  }
  return in_[position_++] == 0xF5;
}

void Reader::null() {
  if (!take_null()) fail_here("expected null");
}

bool Reader::take_null() {
  if (peek() != Kind::null) return false;
  ++position_;
  return true;
}

void Reader::tag(std::uint64_t expected) {
  if (expect(major_tag, "a tag") != expected) fail_here("tag is not " + std::to_string(expected));
}

bool Reader::take_tag(std::uint64_t expected) {
  if (peek() != Kind::tag) return false;
  std::size_t before = position_;
  auto h = head();
  if (h && h->value == expected) return true;
  position_ = before;
  return false;
}

View Reader::bytes(std::size_t max) {
  std::uint64_t length = expect(major_bytes, "a byte string");
  if (!error_ && length > max) fail_here("byte string is too long");
  return take(length);
}

std::string_view Reader::text_view(std::size_t max) {
  std::uint64_t length = expect(major_text, "a text string");
  if (!error_ && length > max) fail_here("text string is too long");
  auto out = as_text(take(length));
  if (!error_ && !is_utf8(out)) fail_here("text string is not UTF-8");
  return error_ ? std::string_view{} : out;
}

std::string Reader::text(std::size_t max) { return std::string(text_view(max)); }

double Reader::floating() {
  if (peek() != Kind::floating) {
    fail_here("expected a floating-point number");
    return 0;
  }
  auto h = head();
  if (!h) return 0;
  if (h->info == 25) return half_to_double(static_cast<std::uint16_t>(h->value));
  if (h->info == 26) return std::bit_cast<float>(static_cast<std::uint32_t>(h->value));
  return std::bit_cast<double>(h->value);
}

// Walks one item with a stack of bounded depth instead of recursion: input decides nothing about
// our stack.
View Reader::raw() {
  std::size_t start = position_;
  std::uint64_t open[limits::cbor_depth_max];
  std::size_t depth = 0;
  for (;;) {
    auto h = head();
    if (!h) return {};
    std::uint64_t children = 0;
    switch (h->major) {
      case major_bytes:
        take(h->value);
        break;
      case major_text:
        if (!is_utf8(as_text(take(h->value)))) fail_here("text string is not UTF-8");
        break;
      case major_array:
        children = h->value;
        break;
      case major_map:
        if (h->value > in_.size()) fail_here("length beyond the end");
        children = h->value * 2;
        break;
      case major_tag:
        children = 1;
        break;
      case major_simple:
        // RFC 8949 §3.3: a simple value below 32 in two bytes is not well-formed.
        if (h->info == 24 && h->value < 32) fail_here("simple value in the wrong form");
        break;
      default:
        break;
    }
    if (children > in_.size() - position_) fail_here("length beyond the end");
    if (children > 0) {
      if (depth == limits::cbor_depth_max) fail_here("nested too deeply");
      if (error_) return {};
      open[depth++] = children;
      continue;
    }
    if (error_) return {};
    while (depth > 0 && --open[depth - 1] == 0) --depth;
    if (depth == 0) return in_.subspan(start, position_ - start);
  }
}

void Reader::skip() { raw(); }

}  // namespace fairlead::cbor
