// SPDX-License-Identifier: Apache-2.0
// CBOR out, in the core deterministic form (RFC 8949 §4.2): shortest heads, definite lengths. Map
// keys are the caller's to order (bytewise by encoded key).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace fairlead::cbor {

class Writer {
 public:
  Writer& array(std::size_t count);
  Writer& map(std::size_t pairs);
  Writer& uint(std::uint64_t value);
  Writer& integer(std::int64_t value);
  Writer& bytes(View value);
  Writer& text(std::string_view value);
  Writer& boolean(bool value);
  Writer& null();
  Writer& tag(std::uint64_t value);
  Writer& raw(View encoded);  // an item that is already encoded; its bytes go out unchanged

  View view() const { return out_; }
  std::size_t size() const { return out_.size(); }
  Bytes take() { return std::move(out_); }
  void reserve(std::size_t bytes) { out_.reserve(bytes); }

 private:
  void head(std::uint8_t major, std::uint64_t value);
  Bytes out_;
};

}  // namespace fairlead::cbor
