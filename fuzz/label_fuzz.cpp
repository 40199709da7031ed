// SPDX-License-Identifier: Apache-2.0
// What is scanned from a label or read from a tag: what is accepted is written, and comes back
// equal.
#include "base/assert.h"
#include "base/limits.h"
#include "client/label/label.h"
#include "codec/ndef.h"

using namespace fairlead;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const View in(data, size);
  if (auto setup = local::decode_setup_label(as_text(in))) {
    const std::string text = local::encode_setup_label(*setup);
    auto again = local::decode_setup_label(text);
    // Defaults are written out, which may make it too long.
    ASSERT(again || text.size() > limits::label_text_bytes_max);
    ASSERT(!again || *again == *setup);
  }
  if (auto facts = local::decode_label_facts(as_text(in))) {
    auto again = local::decode_label_facts(local::encode_label_facts(*facts));
    ASSERT(!again || *again == *facts);
  }
  if (auto label = client::parse_label(as_text(in))) {
    const std::string text = client::label_text(*label);
    auto again = client::parse_label(text);
    ASSERT(again || text.size() > limits::dpp_uri_bytes_max);  // the shortest of the limits
    ASSERT(!again || client::label_text(*again) == text);
    if (again) ASSERT(client::parse_tag(client::label_tag(*again)));
  }
  if (auto records = ndef::decode_message(in)) {
    const Bytes message = ndef::encode_message(*records);
    auto again = ndef::decode_message(message);
    ASSERT(again && *again == *records && message.size() <= in.size());
    for (const ndef::Record& each : *records) {
      auto uri = ndef::uri_of(each);
      if (uri) ASSERT(*ndef::uri_of(ndef::uri_record(*uri)) == *uri);
    }
  }
  ignore(client::parse_tag(in), "any answer is good");
  return 0;
}
