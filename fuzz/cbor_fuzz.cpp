// SPDX-License-Identifier: Apache-2.0
// cbor::Reader: raw() and a typed walk agree on what is well-formed, and what was walked can be
// written again and is then in the one deterministic form.
#include "base/assert.h"
#include "base/limits.h"
#include "codec/cbor/reader.h"
#include "codec/cbor/writer.h"

namespace {

using namespace fairlead;

// Copies one item from the reader to the writer, as a decoder of ours would read it.
void copy_item(cbor::Reader& in, cbor::Writer& out, std::size_t depth) {
  if (in.failed() || depth > limits::cbor_depth_max) return in.fail_here("nested too deeply");
  switch (in.peek()) {
    case cbor::Kind::uint:
      out.uint(in.uint());
      break;
    case cbor::Kind::negative:
      out.integer(in.integer());
      break;
    case cbor::Kind::bytes:
      out.bytes(in.bytes(SIZE_MAX));
      break;
    case cbor::Kind::text:
      out.text(in.text(SIZE_MAX));
      break;
    case cbor::Kind::array: {
      std::size_t count = in.array_between(0, SIZE_MAX);
      out.array(count);
      for (std::size_t i = 0; i < count && !in.failed(); ++i) copy_item(in, out, depth + 1);
      break;
    }
    case cbor::Kind::map: {
      std::size_t pairs = in.map(SIZE_MAX / 2);
      out.map(pairs);
      for (std::size_t i = 0; i < 2 * pairs && !in.failed(); ++i) copy_item(in, out, depth + 1);
      break;
    }
    case cbor::Kind::boolean:
      out.boolean(in.boolean());
      break;
    case cbor::Kind::null:
      in.null();
      out.null();
      break;
    case cbor::Kind::floating:
      in.floating();
      out.null();  // the writer has no floating point: no message of ours carries any
      break;
    default:
      out.raw(in.raw());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  View input(data, size);
  cbor::Reader whole(input);
  View item = whole.raw();
  ASSERT(whole.failed() == item.empty());  // the shortest item is one byte

  cbor::Reader in(input);
  cbor::Writer out;
  copy_item(in, out, 0);
  if (in.failed()) return 0;
  ASSERT(in.position() <= size);
  ASSERT(out.size() <= in.position());  // shortest heads

  cbor::Reader again(out.view());
  cbor::Writer twice;
  copy_item(again, twice, 0);
  ASSERT(again.finish().has_value());
  ASSERT(equal(out.view(), twice.view()));
  return 0;
}
