// SPDX-License-Identifier: Apache-2.0
// OCSP requests. Seeds: tests/vectors/pki.
#include "base/assert.h"
#include "pki/ocsp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fairlead;
  auto request = pki::ocsp::decode_request(View(data, size));
  if (!request) {
    ASSERT(!request.error().context.empty());
    return 0;
  }
  ASSERT(!request->questions.empty() && request->questions.size() <= pki::ocsp::questions_max);
  ASSERT(request->nonce.size() <= 131);
  for (const auto& each : request->questions) ASSERT(each.serial.size() <= 20);
  return 0;
}
