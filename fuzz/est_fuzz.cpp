// SPDX-License-Identifier: Apache-2.0
// EST's decoders: targets, bodies, answers, credentials, names. Seeds: tests/vectors/pki.
#include "base/assert.h"
#include "base/limits.h"
#include "pki/est/messages.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fairlead;
  View in(data, size);
  if (auto target = est::parse_target(as_text(in))) {
    auto again = est::parse_target(est::target_of(target->operation, target->label));
    ASSERT(again && again->operation == target->operation && again->label == target->label);
  }
  if (auto body = est::decode_body(in, limits::csr_bytes_max))
    ASSERT(!body->empty() && body->size() <= limits::csr_bytes_max);
  if (auto certificates = est::decode_certificates(in)) ASSERT(!certificates->empty());
  if (auto wait = est::parse_retry_after(as_text(in))) ASSERT(*wait <= limits::est_retry_after_max);
  if (auto credentials = est::parse_basic(as_text(in)))
    ASSERT(credentials->user.find(':') == std::string::npos);
  if (auto same = est::same_name(in, in)) ASSERT(*same);
  return 0;
}
