// SPDX-License-Identifier: Apache-2.0
#include "cli/context.h"
#include "client/provision/provision.h"
#include "client/provision/upstreams.h"
#include "crypto/hash.h"
#include "crypto/system_random.h"

namespace fairlead::cli {

namespace {

constexpr std::size_t digits_shown = 16;  // of a fingerprint

Answer<Bytes> key_option(const Context& context) {
  if (!context.in.has("key")) return Bytes();
  auto key = from_hex(context.in.get("key"));
  if (!key || key->size() != crypto::Sha256::size_bytes)
    return problem(ProblemKind::usage, "--key is a SHA-256 in 64 hexadecimal digits");
  return std::move(*key);
}

// What was asked for beside the list; false: nothing.
Answer<bool> choose(Context& context, client::DeviceLink& link,
                    const std::vector<local::Upstream>& all) {
  TRY(auto key, key_option(context));
  std::string uri;
  if (context.in.has("choose")) {
    TRY(auto meant, client::find_upstream(all, context.in.get("choose")));
    uri = meant.uri;
    key = meant.fingerprint;
  } else if (context.in.has("give")) {
    uri = context.in.get("give");
  } else if (!context.in.has("forget")) {
    return false;
  }
  TRY_VOID(client::choose_upstream(link, uri, key));
  std::string with = key.empty() ? "whatever its key" : "with key " + to_hex(key);
  context.console.note(uri.empty() ? "The device has no chosen upstream any more."
                                   : "The device tries " + uri + " first, " + with + ".");
  return true;
}

void print(Context& context, const std::vector<local::Upstream>& all) {
  if (context.as_json()) {
    json::array out;
    for (const auto& each : all) out.push_back(client::to_json(each));
    context.print(json::serialize(out) + "\n");
    return;
  }
  if (all.empty())
    context.console.note(
        "The device was told of no upstream: neither DHCP nor DNS-SD nor a name in its domain "
        "named one, or it does not look (local.find_upstream). Give it one: --give URI.");
  Table table{{"KEY", "SOURCE", "INTERFACE", "URI", "NAME", "ADDRESS", "ROUND TRIP", "LAST TRY"},
              {},
              {true, true, true, true, false, true, true, false}};
  for (const auto& each : all) {
    std::string trip = each.address.empty() ? "" : std::to_string(each.milliseconds) + " ms";
    std::string last = each.result.empty() ? ""
                                           : client::plain_text(each.result) + ", " +
                                                 std::to_string(each.seconds) + " s ago";
    table.rows.push_back({to_hex(each.fingerprint).substr(0, digits_shown), each.source,
                          each.interface, client::plain_text(each.uri),
                          client::plain_text(each.name), each.address, trip, last});
  }
  if (!all.empty()) context.print_table(table);
}

Answer<void> look_and_choose(Context& context, client::DeviceLink& link) {
  TRY(auto all, client::ask_upstreams(link));
  TRY(bool chosen, choose(context, link, all));
  if (chosen) {
    TRY(all, client::ask_upstreams(link));
  }
  print(context, all);
  return {};
}

}  // namespace

Answer<void> show_upstreams(Context& context) {
  if (context.in.has("choose") + context.in.has("give") + context.in.has("forget") > 1)
    return problem(ProblemKind::usage, "say one of --choose, --give and --forget");
  client::Access access;
  access.button = context.in.has("button");
  TRY(access.code, code_of_label(context));
  TRY(auto device, context.connect_device(context.in.get("address")));
  client::HttpCarrier carrier(*device);
  crypto::SystemRandom random;
  TRY(auto link, client::open_device(carrier, access, random));
  auto done = look_and_choose(context, link);
  (void)link.say(local::command::Cancel{});  // who comes next would hear "busy" for a minute
  return done;
}

}  // namespace fairlead::cli
