// SPDX-License-Identifier: Apache-2.0
// codec/protobuf: a walk over every field, taken as what the input's first byte says. It ends, with
// a reason where it failed.
#include "base/assert.h"
#include "codec/protobuf/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fairlead;
  if (size == 0) return 0;
  protobuf::Reader in(View(data + 1, size - 1));
  std::size_t fields = 0;
  for (; in.next(); ++fields) {
    switch ((data[0] + fields) % 6) {
      case 0:
        in.varint();
        break;
      case 1:
        in.uint32();
        break;
      case 2:
        in.int32();
        break;
      case 3:
        ASSERT(in.bytes(100).size() <= 100);
        break;
      case 4:
        ASSERT(in.text(100).size() <= 100);
        break;
      default:
        break;
    }
  }
  ASSERT(fields <= size);
  auto finished = in.finish();
  ASSERT(finished || !finished.error().context.empty());
  return 0;
}
