// SPDX-License-Identifier: Apache-2.0
#include "cli/context.h"
#include "client/operator/explain.h"

namespace fairlead::cli {

using client::api_path;
using client::text_at;

namespace {

std::string called(const json::value& device) {
  for (auto member : {"name", "serial", "id"})
    if (auto text = text_at(device, member); !text.empty()) return client::plain_text(text);
  return {};
}

// Finds the device, does `what` to it, and says so.
Answer<void> act(Context& context, std::string_view what, json::object body,
                 const std::string& said) {
  TRY(auto device, client::find_device(context.api, context.argument(0)));
  TRY(auto answer, context.api.post(api_path({"devices", text_at(device, "id"), what}), body));
  if (context.as_json())
    context.print_json(answer);
  else
    context.console.note(called(device) + " " + said);
  return {};
}

json::value take_member(json::value& object, std::string_view name) {
  json::value out;
  auto* members = object.if_object();
  if (auto* member = members ? members->if_contains(name) : nullptr) {
    out = std::move(*member);
    members->erase(name);
  }
  return out;
}

void print_rendezvous(const Context& context, const json::value& jobs) {
  if (!jobs.is_array() || jobs.get_array().empty()) return;
  Table table{{"RENDEZVOUS SERVER", "REGISTERED UNTIL", "NEXT TRY", "FAILURES", "LAST ERROR"},
              {},
              {true, true, true, true}};
  for (const auto& each : jobs.get_array())
    table.rows.push_back({text_at(each, "server"), context.local(text_at(each, "registered_until")),
                          context.local(text_at(each, "next_try")), text_at(each, "failures"),
                          text_at(each, "last_error")});
  context.print("\n");
  context.print_table(table);
}

// There is no such device: perhaps there is a voucher that explains why.
Answer<void> explain_absence(Context& context, client::Problem no_device) {
  auto guid = client::find_voucher(context.api, context.argument(0));
  if (!guid) return std::unexpected(std::move(no_device));
  auto voucher = context.api.get(api_path({"vouchers", *guid}));
  std::string state = voucher ? text_at(voucher->value, "state") : "";
  if (state == "made")
    no_device.advice =
        "It was made here and its voucher waits for an owner: `fairlead voucher "
        "extend " +
        *guid + " --to OWNER.pem`.";
  else if (state == "handed_over")
    no_device.advice = "Its voucher was handed over: the next owner's server knows the device.";
  else
    no_device.advice =
        "No voucher for it is here: import the one that came with the delivery by "
        "`fairlead voucher import FILE`, or ask who sold it.";
  return std::unexpected(std::move(no_device));
}

}  // namespace

Answer<void> device_list(Context& context) {
  static constexpr Column columns[] = {{"ID", "id", true},
                                       {"NAME", "name"},
                                       {"SERIAL", "serial"},
                                       {"STATE", "state", true},
                                       {"ACCOUNT", "account"},
                                       {"PROFILE", "profile"},
                                       {"LAST SEEN", "last_seen", true, true}};
  return list_items(context, api_path({"devices"}),
                    {{"search", context.in.get("search")},
                     {"state", context.in.get("state")},
                     {"profile", context.in.get("profile")},
                     {"account", context.in.get("account")}},
                    columns);
}

Answer<void> device_show(Context& context) {
  TRY(auto device, client::find_device(context.api, context.argument(0)));
  if (context.as_json()) {
    TRY(auto exact, context.api.get(api_path({"devices", text_at(device, "id")})));
    context.print_json(exact);
    return {};
  }
  json::value certificates = take_member(device, "certificates"),
              rendezvous = take_member(device, "rendezvous");
  context.print_members(device);
  print_rendezvous(context, rendezvous);
  if (!certificates.is_array() || certificates.get_array().empty()) return {};
  Table table{{"CERTIFICATE", "STATE", "FROM", "UNTIL", "TOPICS"}, {}, {true, true, true, true}};
  for (const auto& each : certificates.get_array())
    table.rows.push_back({text_at(each, "serial_number"), text_at(each, "state"),
                          context.local(text_at(each, "not_before")),
                          context.local(text_at(each, "not_after")),
                          text_at(each, "topic_prefix")});
  context.print("\n");
  context.print_table(table);
  return {};
}

Answer<void> device_add(Context& context) {
  json::object body{{"serial", context.argument(0)}};
  for (auto member : {"account", "name", "model"})
    if (context.in.has(member)) body[member] = context.in.get(member);
  TRY(auto answer, context.api.post(api_path({"devices"}), body));
  if (context.as_json())
    context.print_json(answer);
  else
    context.console.note(called(answer.value) + " is written down as " +
                         text_at(answer.value, "id") + ".");
  return {};
}

Answer<void> device_otp(Context& context) {
  TRY(auto hours, context.in.number("hours", 24, 1, 2160));
  TRY(auto device, client::find_device(context.api, context.argument(0)));
  json::object body{{"valid_s", hours * 3600}};
  TRY(auto answer, context.api.post(api_path({"devices", text_at(device, "id"), "otp"}), body));
  if (context.as_json()) {
    context.print_json(answer);
    return {};
  }
  context.print(text_at(answer.value, "password") + "\n");
  context.console.note("User name: " + text_at(device, "id") + ". Good for one key, until " +
                       context.local(text_at(answer.value, "expires")) + ".");
  return {};
}

Answer<void> device_rename(Context& context) {
  json::object body{{"name", context.argument(1)}};
  if (context.in.has("groups")) {
    json::array groups;
    std::string text = context.in.get("groups");
    for (std::size_t from = 0; from <= text.size();) {
      auto comma = std::min(text.find(',', from), text.size());
      if (comma > from) groups.emplace_back(std::string_view(text).substr(from, comma - from));
      from = comma + 1;
    }
    body["groups"] = std::move(groups);
  }
  TRY(auto device, client::find_device(context.api, context.argument(0)));
  TRY(auto answer, context.api.patch(api_path({"devices", text_at(device, "id")}), body));
  if (context.as_json())
    context.print_json(answer);
  else
    context.console.note(called(device) + " is called " + context.argument(1) + " from now on.");
  return {};
}

Answer<void> device_uploads(Context& context) {
  static constexpr Column columns[] = {{"NAME", "name", true},
                                       {"BYTES", "size", true},
                                       {"WHEN", "at", true, true},
                                       {"SHA-384", "sha384"}};
  TRY(auto device, client::find_device(context.api, context.argument(0)));
  return list_items(context, api_path({"devices", text_at(device, "id"), "uploads"}), {}, columns);
}

Answer<void> device_fetch(Context& context) {
  TRY(auto device, client::find_device(context.api, context.argument(0)));
  TRY(auto file, context.api.get(
                     api_path({"devices", text_at(device, "id"), "uploads", context.argument(1)})));
  TRY_VOID(write_file(context.in.get("out"), file.text));
  context.console.note(context.argument(1) + " of " + called(device) + " is in " +
                       context.in.get("out") + ".");
  return {};
}

// A line for each key that competes: who decides has to tell them apart.
Answer<void> device_waiting(Context& context) {
  TRY(auto page, context.api.get(client::with_query(api_path({"adoptions"}),
                                                    {{"account", context.in.get("account")},
                                                     {"after", context.in.get("after")},
                                                     {"limit", context.in.get("limit")}})));
  if (context.as_json()) {
    context.print_json(page);
    return {};
  }
  Table table{{"DEVICE", "SERIAL", "NAME", "KEY", "STATE", "EVIDENCE", "SINCE", "WHY"},
              {},
              {true, true, false, true, true, true, true, false}};
  for (const auto& item : client::items_of(page.value)) {
    const auto* keys = item.get_object().if_contains("keys");
    if (!keys || !keys->is_array()) continue;
    for (const auto& key : keys->get_array())
      table.rows.push_back({text_at(item, "device"), text_at(item, "serial"), text_at(item, "name"),
                            text_at(key, "fingerprint"), text_at(key, "state"),
                            text_at(key, "evidence"), context.local(text_at(key, "since")),
                            text_at(item, "why")});
  }
  if (table.rows.empty())
    context.console.note("No device waits for a decision.");
  else
    context.print_table(table);
  if (auto next = text_at(page.value, "next"); !next.empty())
    context.console.note("There are more: --after " + client::plain_text(next));
  return {};
}

namespace {
json::object about_key(const Context& context) {
  json::object out;
  if (context.in.has("reason")) out["reason"] = context.in.get("reason");
  if (context.in.has("key")) out["key"] = context.in.get("key");
  return out;
}
}  // namespace

Answer<void> device_approve(Context& context) {
  return act(context, "approve", about_key(context),
             "is approved; it gets its certificate when it asks again.");
}
Answer<void> device_reject(Context& context) {
  return act(context, "reject", about_key(context), "is rejected.");
}
Answer<void> revoke(Context& context) {
  return act(context, "revoke", {{"reason", context.in.get("reason")}},
             "is revoked: it is cut off, and its certificate is worthless.");
}
Answer<void> decommission(Context& context) {
  return act(context, "decommission", {{"reason", context.in.get("reason")}},
             "is out of use: it is cut off for good, and its name is free. `fairlead explain` says "
             "whether it has removed its secrets.");
}
Answer<void> replace_device(Context& context) {
  TRY(auto successor, client::find_device(context.api, context.argument(1)));
  return act(context, "replace", {{"by", text_at(successor, "id")}},
             "is out of use; " + context.argument(1) + " has its name.");
}
Answer<void> readmit(Context& context) { return act(context, "readmit", {}, "may come again."); }

Answer<void> explain_device(Context& context) {
  auto found = client::find_device(context.api, context.argument(0));
  if (!found && found.error().kind == ProblemKind::not_found)
    return explain_absence(context, std::move(found).error());
  TRY(auto device, std::move(found));
  std::string id = text_at(device, "id");
  TRY(auto timeline, context.api.get(api_path({"devices", id, "timeline"})));
  if (context.as_json()) {
    context.print("{\"device\":" + json::serialize(device) +
                  ",\"timeline\":" + json::serialize(timeline.value) + "}\n");
    return {};
  }
  auto status = context.api.get(api_path({"status"}));  // without it the story is told all the same
  auto story = client::explain(device, timeline.value, context.argument(0),
                               status ? text_at(status->value, "broker") : "");
  std::size_t width = context.console.width;
  context.print(story.title + "\n");
  context.print(
      wrapped("State: " + story.state + (story.reason.empty() ? "" : " (" + story.reason + ")"),
              width, 0) +
      "\n");
  if (!story.profile.empty()) context.print(wrapped("Profile: " + story.profile, width, 0) + "\n");
  if (!story.key.empty()) context.print(wrapped("Key: " + story.key, width, 0) + "\n");
  context.print("\n");
  constexpr std::size_t time_width = 20, between_width = 14;
  for (const auto& event : story.events) {
    std::string time = context.console.local_time(event.at);
    std::string between =
        event.since_previous > Duration(0) ? "+" + client::in_words(event.since_previous) : "";
    time.resize(std::max(time_width, time.size() + 1), ' ');
    between.resize(std::max(between_width, between.size() + 1), ' ');
    std::string text = event.level == "error" || event.level == "warning" ? "! " : "  ";
    text += event.text;
    if (event.times > 1)
      text += " (" + std::to_string(event.times) + " times, until " +
              context.console.local_time(event.until) + ")";
    context.print(time + between + wrapped(text, width, time.size() + between.size()) + "\n");
  }
  if (story.events.empty()) context.print("Nothing has happened yet.\n");
  context.print("\nWhat to do next: " + wrapped(story.next, width, 17) + "\n");
  return {};
}

}  // namespace fairlead::cli
