// SPDX-License-Identifier: Apache-2.0
// crypto::decode_csr: what it accepts has a name that can be shown and a key of a kind that we
// serve. Seeds: tests/vectors/pki/*.csr.
#include "base/assert.h"
#include "base/limits.h"
#include "codec/utf8.h"
#include "crypto/request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fairlead;
  auto request = crypto::decode_csr(View(data, size));
  if (!request) {
    ASSERT(!request.error().context.empty());
    return 0;
  }
  ASSERT(size <= limits::csr_bytes_max);
  ASSERT(request->key.type() != crypto::KeyType::other);
  ASSERT(is_utf8(request->common_name));
  for (const auto& uri : request->san_uris) ASSERT(is_utf8(uri));
  for (const auto& name : request->san_dns) ASSERT(is_utf8(name));
  auto full = crypto::decode_full_csr(View(data, size));
  ASSERT(full && full->request.subject_der == request->subject_der);
  return 0;
}
