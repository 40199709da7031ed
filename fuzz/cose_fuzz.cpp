// SPDX-License-Identifier: Apache-2.0
// cose::decode_sign1 and cose::decode_encrypt0, with the tag required and optional: what is
// accepted views the input, and comes back the same when it is written again.
#include "base/assert.h"
#include "codec/cose.h"

namespace {

using namespace fairlead;

bool is_within(View part, View whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_sign1(View input, cose::TagRule rule) {
  auto message = cose::decode_sign1(input, rule);
  if (!message) return;
  for (View part :
       {message->protected_bytes, message->unprotected, message->payload, message->signature})
    ASSERT(is_within(part, input));
  Bytes encoded = cose::encode_sign1(message->protected_bytes, message->unprotected,
                                     message->payload, message->signature);
  auto again = cose::decode_sign1(encoded);
  ASSERT(again.has_value());
  ASSERT(again->alg == message->alg);
  ASSERT(equal(again->payload, message->payload));
  ASSERT(equal(again->signature, message->signature));
}

void check_encrypt0(View input, cose::TagRule rule) {
  auto message = cose::decode_encrypt0(input, rule);
  if (!message || !message->alg) return;
  for (View part : {message->protected_bytes, message->iv, message->ciphertext})
    ASSERT(is_within(part, input));
  auto again =
      cose::decode_encrypt0(cose::encode_encrypt0(*message->alg, message->iv, message->ciphertext));
  ASSERT(again.has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  View input(data, size);
  for (auto rule : {cose::TagRule::required, cose::TagRule::optional}) {
    check_sign1(input, rule);
    check_encrypt0(input, rule);
  }
  return 0;
}
