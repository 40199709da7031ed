// SPDX-License-Identifier: Apache-2.0
// Answers to one who looks for a service, two bytes of length before each; and lists of names.
#include "base/assert.h"
#include "codec/dns/services.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fairlead;
  using namespace fairlead::dns;
  View in(data, size);
  if (auto names = decode_names(in)) ASSERT(names->size() <= 8);
  Services services(name_of("_fairlead._tcp.local"));
  while (in.size() >= 2) {
    auto length = std::min<std::size_t>(std::size_t{in[0]} << 8 | in[1], in.size() - 2);
    if (auto message = decode_message(in.subspan(2, length)))
      services.on_answer(*message, "fe80::1");
    in = in.subspan(2 + length);
  }
  auto found = services.found();
  ASSERT(found.size() <= instances_max && services.missing().size() <= 2 * instances_max);
  for (const auto& each : found) ASSERT(!each.host.empty() && each.addresses.size() <= 4);
  order_by_lot(found, [](std::uint64_t below) { return below - 1; });
  return 0;
}
