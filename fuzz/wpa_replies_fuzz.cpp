// SPDX-License-Identifier: Apache-2.0
// What wpa_supplicant says: scan results, lists, events while joining and while it is given a
// network. Nothing of it, least of all a network's name, may come to more than its limits.
#include "base/assert.h"
#include "base/limits.h"
#include "link/wpa/join_watch.h"
#include "link/wpa/received_network.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fairlead;
  using namespace fairlead::link::wpa;
  const std::string_view text = as_text(View(data, size));
  const auto networks = decode_scan_results(text);
  ASSERT(networks.size() <= wifi_networks_max);
  for (const auto& each : networks) ASSERT(each.ssid.size() <= limits::ssid_bytes_max);
  ASSERT(decode_network_list(text).size() <= wifi_networks_max);
  ASSERT(decode_status_value(text, "id").size() <= size);
  ASSERT(decode_printed(text).size() <= size);
  ReceivedNetwork given;
  JoinWatch watch("1", to_bytes("PlantFloor"), true);
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    given.on_event(rest.substr(0, end));
    const Verdict verdict = watch.on_event(rest.substr(0, end));
    if (std::holds_alternative<LookAround>(verdict)) (void)watch.on_networks(networks);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (auto taken = given.take()) ASSERT(taken->ssid.size() <= limits::ssid_bytes_max);
  return 0;
}
