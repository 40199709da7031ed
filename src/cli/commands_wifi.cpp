// SPDX-License-Identifier: Apache-2.0
// Wi-Fi: networks of profiles, keys of devices, and how access points know the Controller.
#include "cli/context.h"

namespace fairlead::cli {

using client::api_path;
using client::text_at;

namespace {

std::string wifi_path(Context& context) {
  return api_path({"profiles", context.argument(0), "wifi"});
}

void print_members(Context& context, const client::Document& answer,
                   std::initializer_list<std::string_view> members) {
  if (context.as_json()) return context.print_json(answer);
  for (std::string_view member : members)
    if (auto text = text_at(answer.value, member); !text.empty())
      context.print(std::string(member) + ": " + client::plain_text(text) + "\n");
}

}  // namespace

Answer<void> profile_wifi(Context& context) {
  TRY(auto answer, context.api.get(wifi_path(context)));
  print_members(context, answer, {"ssid", "ssid_hex", "akm", "passphrase_set"});
  return {};
}

Answer<void> profile_set_wifi(Context& context) {
  std::string akm = context.in.get("akm", "psk+sae");
  json::object body{{"ssid", context.in.get("ssid")}, {"akm", akm}};
  if (akm != "dpp") {
    TRY(auto passphrase,
        context.console.ask_secret("Passphrase of " + context.in.get("ssid") + ": "));
    body["passphrase"] = passphrase;
    explicit_bzero(passphrase.data(), passphrase.size());
  }
  TRY(auto answer, context.api.put(wifi_path(context), json::serialize(body)));
  if (context.as_json())
    context.print_json(answer);
  else
    context.console.note("Devices of profile " + context.argument(0) + " join " +
                         client::plain_text(text_at(answer.value, "ssid")) +
                         " when they come by Wi-Fi Easy Connect.");
  return {};
}

Answer<void> profile_remove_wifi(Context& context) {
  TRY_VOID(context.api.remove(wifi_path(context)));
  context.console.note("Profile " + context.argument(0) + " has no Wi-Fi network any more.");
  return {};
}

Answer<void> device_dpp(Context& context) {
  TRY(auto device, client::find_device(context.api, context.argument(0)));
  const std::string path = api_path({"devices", text_at(device, "id"), "dpp"});
  if (context.in.arguments.size() < 2) {
    TRY(auto answer, context.api.get(path));
    print_members(context, answer, {"uri", "hash"});
    return {};
  }
  json::object body{{"uri", context.argument(1)}};
  TRY(auto answer, context.api.put(path, json::serialize(body)));
  if (context.as_json())
    context.print_json(answer);
  else
    context.console.note("The Controller knows the device by key hash " +
                         text_at(answer.value, "hash") + ".");
  return {};
}

Answer<void> show_controller(Context& context) {
  TRY(auto answer, context.api.get(api_path({"dpp"})));
  print_members(context, answer, {"hash", "uri", "c_sign"});
  return {};
}

}  // namespace fairlead::cli
