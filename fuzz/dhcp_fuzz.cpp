// SPDX-License-Identifier: Apache-2.0
// What DHCP servers say: answers, and what their options hold.
#include "base/assert.h"
#include "codec/dhcp/message.h"
#include "codec/dhcp/redirect.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fairlead;
  using namespace fairlead::dhcp;
  View in(data, size);
  if (auto redirect = decode_redirect(in)) {
    ASSERT(redirect->uris.size() <= 10);
    for (const auto& uri : redirect->uris) ASSERT(is_upstream_uri(uri));
  }
  for (const auto& uri : {decode_vendor4(in), decode_vendor6(in, 32473)})
    ASSERT(uri.empty() || is_upstream_uri(uri));
  // Made to be ours, so that the options are reached.
  v4::Inform inform;
  Bytes answer = v4::encode_inform(inform);
  answer.resize(240);
  answer[0] = 2;
  answer.insert(answer.end(), in.begin(), in.end());
  auto options = v4::decode_answer(answer, inform);
  std::size_t all = 0;
  if (options)
    for (const auto& each : *options) all += each.value.size();
  ASSERT(all <= answer.size());
  v6::InformationRequest request;
  Bytes reply{7, 0, 0, 0, 0, 1, 0, 10, 0, 3, 0, 1, 0, 0, 0, 0, 0, 0};
  reply.insert(reply.end(), in.begin(), in.end());
  (void)v6::decode_reply(reply, request);
  return 0;
}
