// SPDX-License-Identifier: Apache-2.0
// What people and other programs hand to the tool: tables, projects, journals, a scanner's lines.
#include "client/apply/bundle.h"
#include "client/apply/history.h"
#include "client/plan/import.h"
#include "client/plan/project.h"
#include "client/report/report.h"
#include "client/scan/address_range.h"
#include "client/scan/sighting.h"
#include "counting_random.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fairlead;
  View in{data, size};
  fuzz::CountingRandom random;  // rows get ids of their own
  if (auto sheet = client::decode_csv(in)) {
    auto imported = client::import_sheet(*sheet, {}, {}, random);
    if (imported && !client::decode_project(client::encode_project(imported->plan)))
      __builtin_trap();
  }
  (void)client::decode_project(as_text(in));
  (void)client::History::read(as_text(in));
  if (auto bundle = local::decode_bundle(as_text(in))) {
    auto again = local::decode_bundle(local::encode_bundle(*bundle));
    if (!again || *again != *bundle) __builtin_trap();
  }
  (void)client::decode_vendors(as_text(in));
  (void)client::decode_journal_line(as_text(in));
  if (auto sighting = client::decode_sighting(as_text(in))) {
    auto again = client::decode_sighting(client::to_line(*sighting));
    if (!again || !(*again == *sighting)) __builtin_trap();
  }
  (void)client::parse_ranges(as_text(in).substr(0, 64));
  return 0;
}
