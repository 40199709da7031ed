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

Answer<void> voucher_show(Context& context) {
  TRY(auto guid, client::find_voucher(context.api, context.argument(0)));
  TRY(auto voucher, context.api.get(api_path({"vouchers", guid})));
  if (context.as_json())
    context.print_json(voucher);
  else
    context.print_members(voucher.value);
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
