// SPDX-License-Identifier: Apache-2.0
// A total CBOR decoder (RFC 8949) for protocol messages: grammar order, bounded, nothing left over.
//
// Accepts definite lengths only, any width of integer head, maps in any order. Refuses indefinite
// lengths, reserved head values, text that is not UTF-8, nesting beyond limits::cbor_depth_max, and
// trailing bytes. The first error sticks; later reads return empty values, so a decoder reads like
// its grammar and asks once, in finish().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::cbor {

enum class Kind {
  uint,
  negative,
  bytes,
  text,
  array,
  map,
  tag,
  boolean,
  null,
  undefined,
  simple,
  floating,
  none
};

class Reader {
 public:
  explicit Reader(View in);  // views `in`; must not outlive it

  // What comes next, without taking it. none at the end of input or after an error.
  Kind peek() const;
  bool at_end() const;
  bool failed() const;
  std::size_t position() const;  // bytes taken so far; with raw() it gives slices to hash

  void array(std::size_t count);                                // exactly `count` items
  std::size_t array_between(std::size_t min, std::size_t max);  // the count; 0 after an error
  std::size_t map(std::size_t pairs_max);                       // number of pairs
  std::uint64_t uint();
  std::uint64_t uint_at_most(std::uint64_t max);
  std::int64_t integer();  // uint or negative that fits
  bool boolean();
  void null();
  bool take_null();  // true and taken if null is next
  void tag(std::uint64_t expected);
  bool take_tag(std::uint64_t expected);  // true and taken if this tag is next
  View bytes(std::size_t max);            // bstr, views the input
  std::string text(std::size_t max);      // tstr, valid UTF-8
  std::string_view text_view(std::size_t max);
  double floating();  // half, single or double

  // A bstr of exactly the size of Fixed (FixedBytes<N, Tag>).
  template <class Fixed>
  Fixed fixed() {
    View view = bytes(Fixed::size_bytes);
    if (failed()) return {};
    auto value = Fixed::from(view);
    if (!value) fail_here("byte string has the wrong size");
    return value.value_or(Fixed{});
  }

  View raw();   // the bytes of the next item, whole, checked for well-formedness (depth, lengths)
  void skip();  // as raw(), without handing it out

  void fail_here(std::string_view why);  // a decoder's own complaint, at this position
  void fail_with(Error error);

  Result<void> finish() const;  // the first error, or "trailing bytes", or ok
  template <class T>
  Result<T> finish(T value) const {
    auto result = finish();
    if (!result) return std::unexpected(result.error());
    return value;
  }
  Result<void> status() const;  // the first error or ok, whatever is left

 private:
  struct Head {
    std::uint8_t major;
    std::uint8_t info;
    std::uint64_t value;
  };
  std::optional<Head> head();  // takes a head; records the error
  std::uint64_t expect(std::uint8_t major, std::string_view what);
  View take(std::uint64_t count);  // takes `count` payload bytes

  View in_;
  std::size_t position_ = 0;
  std::optional<Error> error_;
};

}  // namespace fairlead::cbor
