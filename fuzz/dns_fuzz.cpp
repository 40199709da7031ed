// SPDX-License-Identifier: Apache-2.0
#include "codec/dns/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto message = fairlead::dns::decode_message({data, size});
  if (!message) return 0;
  for (const auto& record : message->records) (void)fairlead::dns::to_text(record.name);
  return 0;
}
