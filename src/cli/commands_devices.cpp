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
  json::value certificates;
  if (auto* members = device.if_object())
    if (auto* list = members->if_contains("certificates")) {
      certificates = std::move(*list);
      members->erase("certificates");
    }
  context.print_members(device);
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

Answer<void> device_approve(Context& context) {
  return act(context, "approve", {}, "is approved; it gets its certificate when it asks again.");
}
Answer<void> device_reject(Context& context) {
  return act(context, "reject", {{"reason", context.in.get("reason")}}, "is rejected.");
}
Answer<void> revoke(Context& context) {
  return act(context, "revoke", {{"reason", context.in.get("reason")}},
             "is revoked: it is cut off, and its certificate is worthless.");
}
Answer<void> readmit(Context& context) { return act(context, "readmit", {}, "may come again."); }

Answer<void> explain_device(Context& context) {
  TRY(auto device, client::find_device(context.api, context.argument(0)));
  std::string id = text_at(device, "id");
  TRY(auto timeline, context.api.get(api_path({"devices", id, "timeline"})));
  if (context.as_json()) {
    context.print("{\"device\":" + json::serialize(device) +
                  ",\"timeline\":" + json::serialize(timeline.value) + "}\n");
    return {};
  }
  auto story = client::explain(device, timeline.value, context.argument(0));
  std::size_t width = context.console.width;
  context.print(story.title + "\n");
  context.print(
      wrapped("State: " + story.state + (story.reason.empty() ? "" : " (" + story.reason + ")"),
              width, 0) +
      "\n\n");
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
