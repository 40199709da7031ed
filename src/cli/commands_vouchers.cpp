// SPDX-License-Identifier: Apache-2.0
#include "cli/context.h"

namespace fairlead::cli {

using client::api_path;
using client::text_at;

namespace {

constexpr std::size_t pem_file_bytes_max = 64 * 1024;

constexpr Column columns[] = {{"GUID", "guid", true},   {"SERIAL", "serial"},
                              {"STATE", "state", true}, {"DEVICE INFO", "device_info"},
                              {"ACCOUNT", "account"},   {"CREATED", "created", true, true}};

// A file name made of what a server said must not leave its folder.
bool is_plain_name(std::string_view guid) {
  return !guid.empty() && guid.size() <= 64 &&
         guid.find_first_not_of("0123456789abcdefABCDEF-") == guid.npos;
}

Answer<void> export_one(Context& context, const std::string& guid) {
  TRY(auto voucher, context.api.get(api_path({"vouchers", guid, "pem"})));
  if (!context.in.has("out")) {
    context.print(voucher.text);
    return {};
  }
  if (!is_plain_name(guid))
    return problem(ProblemKind::server_fault, "'" + client::plain_text(guid) + "' is not a GUID");
  return write_file(std::filesystem::path(context.in.get("out")) / (guid + ".pem"), voucher.text);
}

Answer<void> export_all(Context& context) {
  std::string after;
  std::size_t count = 0;
  for (;;) {
    TRY(auto page, context.api.get(client::with_query(
                       api_path({"vouchers"}),
                       {{"state", context.in.get("state")}, {"limit", "1000"}, {"after", after}})));
    for (const auto& item : client::items_of(page.value)) {
      if (text_at(item, "state") == "replaced") continue;  // known by its GUID only
      TRY_VOID(export_one(context, text_at(item, "guid")));
      ++count;
    }
    std::string next = text_at(page.value, "next");
    if (next.empty() || next == after) break;
    after = std::move(next);
  }
  context.console.note(std::to_string(count) + (count == 1 ? " voucher" : " vouchers") +
                       " written" + (context.in.has("out") ? " to " + context.in.get("out") : "") +
                       ".");
  return {};
}

}  // namespace

Answer<void> voucher_list(Context& context) {
  return list_items(context, api_path({"vouchers"}),
                    {{"state", context.in.get("state")},
                     {"serial", context.in.get("serial")},
                     {"account", context.in.get("account")}},
                    columns);
}

Answer<void> voucher_registrations(Context& context) {
  static constexpr Column registration_columns[] = {
      {"GUID", "guid", true},
      {"SERIAL", "serial"},
      {"SERVER", "server"},
      {"REGISTERED UNTIL", "registered_until", true, true},
      {"NEXT TRY", "next_try", false, true},
      {"FAILED", "failures"},
      {"WHY", "last_error"}};
  return list_items(context, api_path({"vouchers", "registrations"}),
                    {{"state", context.in.has("failing") ? "failing" : ""},
                     {"server", context.in.get("at")},
                     {"account", context.in.get("account")}},
                    registration_columns);
}

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

const json::value* member(const json::value& object, std::string_view name) {
  const json::object* members = object.if_object();
  return members ? members->if_contains(name) : nullptr;
}

// "P-256 key 1f3a… (this server's owner key)"
std::string key_in_words(const json::value* key) {
  if (!key) return {};
  std::string whose = text_at(*key, "whose");
  return text_at(*key, "type") + " key " + text_at(*key, "fingerprint") +
         (whose.empty() ? "" : " (" + whose + ")");
}

const json::array& list_at(const json::value& object, std::string_view name) {
  static const json::array none;
  const json::value* list = member(object, name);
  return list && list->is_array() ? list->get_array() : none;
}

// One place where devices and owners meet: "https://rv.example, 192.0.2.1; devices 443, owners
// 8443".
std::string directive_in_words(const json::value& directive) {
  std::string out = text_at(directive, "dns");
  for (const auto& ip : list_at(directive, "ips"))
    if (ip.is_string()) out += (out.empty() ? "" : ", ") + std::string(ip.get_string());
  if (auto protocol = text_at(directive, "protocol"); !protocol.empty()) out += " by " + protocol;
  for (auto [name, words] : {std::pair{"device_port", "port for devices "},
                             {"owner_port", "port for owners "},
                             {"delay_seconds", "delay in seconds "}})
    if (auto text = text_at(directive, name); !text.empty())
      out += "; " + std::string(words) + text;
  for (auto [name, words] : {std::pair{"bypass", "this is the owner itself"},
                             {"device_only", "for devices only"},
                             {"owner_only", "for owners only"}})
    if (const json::value* flag = member(directive, name); flag && flag->is_bool())
      out += "; " + std::string(words);
  return out;
}

Pairs content_in_words(const Context& context, const json::value& content) {
  Pairs out{{"device info", text_at(content, "device_info")},
            {"made by", key_in_words(member(content, "manufacturer"))}};
  std::size_t sale = 0;
  for (const auto& entry : list_at(content, "entries"))
    out.emplace_back("sale " + std::to_string(++sale),
                     "to " + key_in_words(member(entry, "owner")));
  out.emplace_back("owner", key_in_words(member(content, "owner")));
  std::string title = "device certificate";
  for (const auto& each : list_at(content, "device_chain"))
    out.emplace_back(std::exchange(title, "signed by"),
                     text_at(each, "subject") + ", " + context.local(text_at(each, "not_before")) +
                         " to " + context.local(text_at(each, "not_after")) + ", " +
                         key_in_words(member(each, "key")));
  for (const auto& each : list_at(content, "rendezvous"))
    out.emplace_back("looks for its owner", directive_in_words(each));
  std::string fault = text_at(content, "fault");
  out.emplace_back("signatures", fault.empty() ? "all of them verify" : "do not verify: " + fault);
  return out;
}

}  // namespace

Answer<void> voucher_show(Context& context) {
  TRY(auto guid, client::find_voucher(context.api, context.argument(0)));
  TRY(auto voucher, context.api.get(api_path({"vouchers", guid})));
  if (context.as_json()) {
    context.print_json(voucher);
    return {};
  }
  json::value record = voucher.value;
  if (record.is_object()) record.get_object().erase("content");
  context.print_members(record);
  const json::value* content = member(voucher.value, "content");
  if (content && content->is_object())
    context.print("\n" + layout_pairs(content_in_words(context, *content)));
  else
    context.print(
        "\nIts device holds the voucher that came after it; of this one only the GUID is kept.\n");
  return {};
}

Answer<void> voucher_extend(Context& context) {
  TRY(auto next_owner, read_text_file(context.in.get("to"), pem_file_bytes_max));
  // Once extended, the voucher is the next owner's: a place to put it comes first.
  std::filesystem::path out = context.in.get("out");
  if (!out.empty()) TRY_VOID(write_file(out, ""));
  TRY(auto guid, client::find_voucher(context.api, context.argument(0)));
  boost::json::object order{{"next_owner", next_owner}};
  if (context.in.has("unconfirmed")) order["unconfirmed"] = true;
  auto extended = context.api.post(api_path({"vouchers", guid, "extend"}), std::move(order));
  if (!extended) {
    std::error_code error;
    if (!out.empty()) std::filesystem::remove(out, error);
    return std::unexpected(std::move(extended).error());
  }
  std::string pem = text_at(extended->value, "pem");
  if (!out.empty()) TRY_VOID(write_file(out, pem));
  if (context.as_json())
    context.print_json(*extended);
  else if (out.empty())
    context.print(pem);
  context.console.note("Voucher " + guid + " belongs to the next owner from now on" +
                       (out.empty() ? "." : "; it is in " + out.string() + "."));
  return {};
}

Answer<void> voucher_export(Context& context) {
  bool all = context.in.has("all");
  if (all != context.in.arguments.empty())
    return problem(ProblemKind::usage, "name one GUID, or --all");
  if (context.in.has("out")) {
    std::error_code error;
    std::filesystem::create_directories(context.in.get("out"), error);
    if (error) return problem(ProblemKind::failed, context.in.get("out") + ": " + error.message());
  }
  if (all) return export_all(context);
  TRY(auto guid, client::find_voucher(context.api, context.argument(0)));
  return export_one(context, guid);
}

}  // namespace fairlead::cli
