// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>

#include "cli/plant.h"
#include "client/plan/shown.h"

namespace fairlead::cli {

namespace {

using client::Seen;
using client::SeenDevice;

constexpr std::size_t seen_file_bytes_max = 64 * 1024 * 1024;

Answer<Seen> read_seen(const std::string& file, Time now) {
  TRY(auto text, read_text_file(file, seen_file_bytes_max));
  Seen out;
  std::size_t number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    ++number;
    auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.empty()) continue;
    auto sighting = client::decode_sighting(line);
    if (!sighting)
      return problem(ProblemKind::failed,
                     file + ", line " + std::to_string(number) + ": " + sighting.error().context);
    out.on(*sighting, now);
  }
  return out;
}

void print_table(Context& context, const Seen& seen) {
  Table table{{"SERIAL", "MODEL", "VENDOR", "STATE", "ADDRESS", "INTERFACE", "REMARK"},
              {},
              {true, false, false, true, true, true, false}};
  for (const SeenDevice* device : seen.devices()) {
    std::string address = device->places.empty() ? "" : device->places.front().url();
    std::string interface = device->places.empty() ? "" : device->places.front().interface;
    std::string remark = device->why_odd;
    if (remark.empty() && device->said.provisioning.empty()) remark = "can't be provisioned";
    table.rows.push_back({device->said.serial, device->said.model, device->said.vendor,
                          device->said.state, address, interface, remark});
  }
  if (table.rows.empty())
    context.console.note(
        "No device was seen. Browsing ends at the next router: name addresses with --range or "
        "--address, or run `fairlead scanner` there.");
  else
    context.print_table(table);
}

}  // namespace

Answer<tool::ScanOptions> scan_options(const Context& context) {
  tool::ScanOptions out;
  out.announcements = !context.in.has("no-announcements");
  out.interfaces = list_of_words(context.in.get("interface"));
  TRY(out.addresses,
      client::places_to_ask(context.in.get("range"), list_of_words(context.in.get("address"))));
  TRY(auto seconds, context.in.number("seconds", 3, 1, 3600));
  out.duration = std::chrono::seconds(seconds);
  return out;
}

Answer<Seen> look_around(Context& context, const std::vector<client::Row>& rows) {
  if (context.in.has("seen")) return read_seen(context.in.get("seen"), context.clock());
  TRY(auto options, scan_options(context));
  tool::look_at_rows(options, rows);
  Seen out;
  tool::scan(options, {[&](const auto& each) { out.on(each, context.clock()); },
                       [&](const auto& words) { context.console.note(words); }, context.go_on});
  return out;
}

Answer<void> scan_plant(Context& context) {
  TRY(auto seen, look_around(context, {}));
  if (!context.as_json()) {
    print_table(context, seen);
    return {};
  }
  json::array out;
  for (const SeenDevice* device : seen.devices()) out.push_back(client::to_json(*device));
  context.print(json::serialize(out) + "\n");
  return {};
}

// Lines for another program, which may be at the other end of a network: nothing is kept here.
Answer<void> scanner(Context& context) {
  TRY(auto options, scan_options(context));
  if (!context.in.has("seconds")) options.duration.reset();
  tool::scan(options, {[&](const auto& each) { context.print(client::to_line(each) + "\n"); },
                       [&](const auto& words) { context.console.note(words); }, context.go_on});
  return {};
}

}  // namespace fairlead::cli
