// SPDX-License-Identifier: Apache-2.0
// RendezvousInfo and RVTO2Addr: what is accepted can be interpreted by either side.
#include "base/assert.h"
#include "fdo/rendezvous.h"

namespace {
using namespace fairlead;
using namespace fairlead::fdo;
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  View input(data, size);
  if (auto info = decode_rendezvous_info(input)) {
    ASSERT(equal(info->encoded, input));
    for (std::size_t i = 0; i < info->directives.size(); ++i) {
      (void)candidates(info->directives[i], RvSide::device);
      (void)candidates(info->directives[i], RvSide::owner);
      ASSERT(jittered_ms(delay_after(*info, i), data[0]) <= 108'000'000);
    }
  }
  cbor::Reader in(input);
  auto addresses = read_to2_addresses(in);
  if (in.finish()) (void)candidates(addresses);
  if (auto ip = ip_from_text(as_text(input))) ASSERT(ip_from_text(ip_text(*ip)) == ip);
  (void)guid_from_text(as_text(input));
  return 0;
}
