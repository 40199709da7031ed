// SPDX-License-Identifier: Apache-2.0
#include "cli/wifi_choice.h"
#include "client/provision/wifi_words.h"
#include "crypto/system_random.h"
#include "link/wifi.h"

namespace fairlead::cli {

namespace {

constexpr std::size_t code_file_bytes_max = 1024;

}  // namespace

Answer<std::string> code_of_label(Context& context) {
  if (context.in.has("button")) return std::string();
  if (!context.in.has("code-file")) return context.console.ask_secret("Code on the label: ");
  TRY(auto text, read_text_file(context.in.get("code-file"), code_file_bytes_max));
  std::string code = text.substr(0, text.find_first_of("\r\n"));
  if (code.empty()) return problem(ProblemKind::usage, "there is no code in the file");
  return code;
}

namespace {

std::string signal_text(std::optional<int> dbm) {
  return dbm ? std::to_string(*dbm) + " dBm" : "unknown";
}

Answer<void> require_bluetooth(const Context& context) {
  if (context.bluetooth.connect) return {};
  return problem(ProblemKind::failed, "this program was built without Bluetooth");
}

Answer<std::unique_ptr<client::DeviceCarrier>> way_to_device(Context& context) {
  if (context.in.has("address")) {
    TRY(auto transport, context.connect_device(context.in.get("address")));
    return std::make_unique<client::HttpCarrier>(std::move(transport));
  }
  TRY_VOID(require_bluetooth(context));
  TRY(auto carrier,
      context.bluetooth.connect(context.in.get("bluetooth-adapter"), context.in.get("bluetooth")));
  context.console.note("Connected by Bluetooth.");
  return carrier;
}

// Without the code, which is asked for.
client::Access access_by(const Context& context) {
  client::Access out;
  out.button = context.in.has("button");
  out.username = context.in.get("username", out.username);
  out.without_encryption = context.in.has("without-encryption");
  return out;
}

client::Bystander bystander_of(const Context& context) {
  return {[&context](std::string_view text) { context.console.note(text); }, context.wait};
}

// Of stock firmware: the server knows nothing of it.
void tell_joined(const Context& context, const std::string& address) {
  const std::string network = context.in.get("wifi"), where = client::plain_text(address);
  context.console.note("The device joined " + network +
                       (where.empty() ? "" : ", where it is " + where) +
                       ". That is all its firmware can do: the server knows nothing of it.");
  if (context.as_json())
    context.print(json::serialize(json::object{{"network", network}, {"address", where}}) + "\n");
}

Answer<void> require_one_way(const Context& context) {
  if (context.in.has("address") != context.in.has("bluetooth")) return {};
  return problem(ProblemKind::usage, "say --address or --bluetooth, one of them");
}

}  // namespace

Answer<void> provision(Context& context) {
  TRY_VOID(require_one_way(context));
  client::ProvisionRequest request;
  request.access = access_by(context);
  request.claim.account = context.in.get("account");
  request.claim.name = context.in.get("name");
  request.wifi = wifi_wish(context);
  TRY(request.access.code, code_of_label(context));
  TRY(auto carrier, way_to_device(context));
  crypto::SystemRandom random;
  TRY(auto done, client::provision(*carrier, context.api, request, random, bystander_of(context)));
  if (done.device.empty()) {
    tell_joined(context, done.address);
    return {};
  }
  if (context.as_json())
    context.print(json::serialize(json::object{{"device", done.device}}) + "\n");
  else
    context.print(done.device + "\n");
  return {};
}

Answer<void> nearby(Context& context) {
  TRY_VOID(require_bluetooth(context));
  TRY(auto seconds, context.in.number("seconds", 5, 1, 60));
  TRY(auto devices,
      context.bluetooth.look(context.in.get("bluetooth-adapter"), std::chrono::seconds(seconds)));
  if (context.as_json()) {
    json::array items;
    for (const auto& each : devices) {
      json::object item{{"name", each.name}, {"address", each.address}};
      if (each.signal_dbm) item["signal_dbm"] = *each.signal_dbm;
      items.push_back(std::move(item));
    }
    context.print(json::serialize(json::object{{"items", std::move(items)}}) + "\n");
    return {};
  }
  if (devices.empty()) context.console.note("No device in provisioning mode is in reach.");
  Table table{{"NAME", "ADDRESS", "SIGNAL"}, {}};
  for (const auto& each : devices)
    table.rows.push_back({each.name, each.address, signal_text(each.signal_dbm)});
  if (!devices.empty()) context.print_table(table);
  return {};
}

Answer<void> show_networks(Context& context) {
  TRY_VOID(require_one_way(context));
  client::Access access = access_by(context);
  TRY(access.code, code_of_label(context));
  TRY(auto carrier, way_to_device(context));
  crypto::SystemRandom random;
  TRY(auto heard, client::networks_of(*carrier, access, random, bystander_of(context)));
  Table table{{"NETWORK", "SIGNAL", "CHANNEL", "SECURITY", "NOT FOR THIS DEVICE"}, {}};
  json::array items;
  for (const auto& each : heard) {
    const std::string name = link::name_of_network(each.ssid),
                      security(client::to_string(each.auth));
    table.rows.push_back({name, std::to_string(each.signal_dbm) + " dBm",
                          std::to_string(each.channel), security,
                          client::plain_text(each.why_not)});
    items.push_back(json::object{{"network", name},
                                 {"signal_dbm", each.signal_dbm},
                                 {"channel", each.channel},
                                 {"security", security},
                                 {"why_not", each.why_not}});
  }
  if (context.as_json())
    context.print(json::serialize(json::object{{"items", std::move(items)}}) + "\n");
  else if (heard.empty())
    context.console.note("The device hears no Wi-Fi network.");
  else
    context.print_table(table);
  return {};
}

}  // namespace fairlead::cli
