// SPDX-License-Identifier: Apache-2.0
#include "cli/context.h"
#include "client/apply/job.h"
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

void tell_choice(Context& context, const client::UpstreamsSeen& seen) {
  if (!seen.changed) return;
  std::string with = seen.key.empty() ? "whatever its key" : "with key " + to_hex(seen.key);
  context.console.note(seen.uri.empty() ? "The device has no chosen upstream any more."
                                        : "The device tries " + seen.uri + " first, " + with + ".");
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

}  // namespace

Answer<void> show_upstreams(Context& context) {
  if (context.in.has("choose") + context.in.has("give") + context.in.has("forget") > 1)
    return problem(ProblemKind::usage, "say one of --choose, --give and --forget");
  client::UpstreamWish wish{
      context.in.get("choose"), context.in.get("give"), {}, context.in.has("forget")};
  TRY(wish.key, key_option(context));
  client::Access access;
  access.button = context.in.has("button");
  TRY(access.code, code_of_label(context));
  crypto::SystemRandom random;
  TRY(auto seen,
      client::upstreams({context.in.get("address")}, access, wish, context.connect_device, random));
  tell_choice(context, seen);
  print(context, seen.all);
  return {};
}

}  // namespace fairlead::cli
