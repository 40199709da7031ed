// SPDX-License-Identifier: Apache-2.0
// der::Reader: walks whatever nests, and what was walked is the same when it is written again,
// since DER has one spelling.
#include "base/assert.h"
#include "codec/der/reader.h"
#include "codec/der/writer.h"

namespace {

using namespace fairlead;

constexpr int depth_max = 32;  // of this walk; the reader itself has no recursion

Bytes copy_elements(der::Reader& in, int depth) {
  Bytes out;
  while (!in.failed() && !in.at_end()) {
    std::uint8_t tag = in.peek_tag();
    bool constructed = (tag & 0x20) != 0;
    if (constructed && depth < depth_max) {
      der::Reader inner = in.enter(tag);
      Bytes content = copy_elements(inner, depth + 1);
      if (auto result = inner.finish(); !result) in.fail_here(result.error().context);
      append(out, der::element(tag, content));
    } else {
      append(out, der::element(tag, in.value(tag)));
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  View input(data, size);
  der::Reader in(input);
  Bytes copy = copy_elements(in, 0);
  if (in.finish()) ASSERT(equal(copy, input));

  der::Reader integers(input);
  View integer = integers.unsigned_integer(32);
  if (integers.finish()) ASSERT(equal(der::unsigned_integer(integer), input));
  der::Reader bits(input);
  View octets = bits.bit_string_octets();
  if (bits.finish()) ASSERT(equal(der::bit_string_of(octets), input));
  return 0;
}
