// SPDX-License-Identifier: Apache-2.0
#include "local/parts.h"

#include <algorithm>

#include "base/limits.h"
#include "codec/cbor/reader.h"
#include "codec/cbor/writer.h"

namespace fairlead::local {

Result<Frame> decode_frame(View in) {
  cbor::Reader reader(in);
  std::size_t members = reader.array_between(2, 4);
  Part part;
  part.id = static_cast<std::uint32_t>(reader.uint_at_most(0xFFFFFFFF));
  part.offset = static_cast<std::uint32_t>(reader.uint_at_most(limits::local_request_bytes_max));
  if (members == 2) return reader.finish(Frame(AskPart{part.id, part.offset}));
  if (members == 3) reader.fail_here("a frame has two or four members");
  part.total = static_cast<std::uint32_t>(reader.uint_at_most(limits::local_request_bytes_max));
  part.content = to_bytes(reader.bytes(limits::local_part_bytes_max));
  if (part.offset + part.content.size() > part.total)
    reader.fail_here("a part goes beyond its total");
  if (part.content.empty() && part.total > 0) reader.fail_here("a part is empty");
  return reader.finish(Frame(std::move(part)));
}

Bytes encode_frame(const Frame& frame) {
  cbor::Writer out;
  if (auto* ask = std::get_if<AskPart>(&frame)) {
    out.array(2).uint(ask->id).uint(ask->offset);
  } else {
    auto& part = std::get<Part>(frame);
    out.array(4).uint(part.id).uint(part.offset).uint(part.total).bytes(part.content);
  }
  return out.take();
}

Result<Part> part_of(std::uint32_t id, View whole, std::uint32_t offset) {
  if (offset > whole.size() || (offset == whole.size() && offset > 0))
    return fail(Errc::malformed, "nothing begins at this offset");
  View content =
      whole.subspan(offset).first(std::min(limits::local_part_bytes_max, whole.size() - offset));
  return Part{id, offset, static_cast<std::uint32_t>(whole.size()), to_bytes(content)};
}

Result<std::optional<Bytes>> Joiner::add(const Part& part) {
  if (!begun_ || part.id != id_) {
    id_ = part.id;
    total_ = part.total;
    bytes_.clear();
    begun_ = true;
  }
  if (part.total != total_) return fail(Errc::malformed, "the total of a command changed");
  if (part.offset > bytes_.size()) return fail(Errc::malformed, "a part of a command is missing");
  if (part.offset + part.content.size() > bytes_.size()) {
    bytes_.resize(part.offset);
    append(bytes_, part.content);
  }
  if (bytes_.size() < total_) return std::optional<Bytes>();
  begun_ = false;
  return std::optional(std::move(bytes_));
}

}  // namespace fairlead::local
