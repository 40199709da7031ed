// SPDX-License-Identifier: Apache-2.0
// pem::decode and the base64 decoders below it: what is accepted is written in one canonical form,
// and read from that form again.
#include "base/assert.h"
#include "codec/base64.h"
#include "codec/pem.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fairlead;
  std::string_view text = as_text(View(data, size));

  if (auto blocks = pem::decode(text))
    for (const pem::Block& block : *blocks) {
      auto again = pem::decode(pem::encode(block.label, block.content));
      ASSERT(again.has_value());
      ASSERT(again->size() == 1);
      ASSERT(again->front().label == block.label);
      ASSERT(again->front().content == block.content);
    }

  // RFC 4648 §3.5: one value, one spelling.
  if (auto bytes = from_base64(text)) ASSERT(to_base64(*bytes) == text);
  if (auto bytes = from_base64url(text)) ASSERT(to_base64url(*bytes) == text);
  if (auto bytes = from_base64_lenient(text)) ASSERT(from_base64(to_base64(*bytes)) == *bytes);
  return 0;
}
