// SPDX-License-Identifier: Apache-2.0
// The endpoint `fairlead` carries commands and answers of any length in values that each carrier
// can take (docs/wire/local.md):
//
//   frame = [id, offset, total, content] / [id, offset]
//
// The first is a part; the second asks the other end for what begins at `offset`.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::local {

struct Part {
  std::uint32_t id = 0;  // the client's number of the command; its answer has the same
  std::uint32_t offset = 0, total = 0;
  Bytes content;  // at most local_part_bytes_max
};
struct AskPart {
  std::uint32_t id = 0, offset = 0;
};
using Frame = std::variant<Part, AskPart>;

// A part lies within its total, which is at most local_request_bytes_max, and is empty only if the
// total is 0.
Result<Frame> decode_frame(View in);
Bytes encode_frame(const Frame& frame);

// The part of `whole` that begins at `offset`; malformed if nothing begins there.
Result<Part> part_of(std::uint32_t id, View whole, std::uint32_t offset);

// Puts parts together. A part that came already changes nothing; one of another id begins anew.
class Joiner {
 public:
  // The whole, once its last part is there. malformed: a gap, or a total that changed.
  Result<std::optional<Bytes>> add(const Part& part);
  AskPart ask() const { return {id_, static_cast<std::uint32_t>(bytes_.size())}; }

 private:
  std::uint32_t id_ = 0, total_ = 0;
  bool begun_ = false;
  Bytes bytes_;
};

}  // namespace fairlead::local
