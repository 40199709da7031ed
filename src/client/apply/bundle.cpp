// SPDX-License-Identifier: Apache-2.0
// bundle = {"format": "fairlead-bundle", "version": 1, "entries": [entry]}
// entry  = {"row", "serial", "account", "name", "replaces", "device", "why": text,
//           "offer", "grant", "owner": base64, "button", "delivered": bool}
#include "client/apply/bundle.h"

#include <algorithm>

#include "base/limits.h"
#include "codec/base64.h"

namespace fairlead::client {

namespace {

constexpr std::string_view format_name = "fairlead-bundle";

struct TextMember {
  std::string_view name;
  std::string BundleEntry::* member;
};
constexpr TextMember texts[] = {
    {"row", &BundleEntry::row},           {"serial", &BundleEntry::serial},
    {"account", &BundleEntry::account},   {"name", &BundleEntry::name},
    {"replaces", &BundleEntry::replaces}, {"device", &BundleEntry::device},
    {"why", &BundleEntry::why},
};
struct BytesMember {
  std::string_view name;
  Bytes BundleEntry::* member;
  std::size_t bytes_max;
};
constexpr BytesMember documents[] = {
    {"offer", &BundleEntry::offer, limits::offer_bytes_max},
    {"grant", &BundleEntry::grant, limits::grant_bytes_max},
    {"owner", &BundleEntry::owner, limits::certificate_bytes_max},
};

bool flag_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_bool() && value->get_bool();
}

Result<BundleEntry> entry_of(const json::value& value) {
  const json::object* object = value.if_object();
  if (!object) return fail(Errc::malformed, "it is no object");
  BundleEntry out;
  for (const auto& [name, member] : texts) out.*member = text_at(value, name);
  for (const auto& [name, member, bytes_max] : documents) {
    auto bytes = from_base64(text_at(value, name));
    if (!bytes || bytes->size() > bytes_max)
      return fail(Errc::malformed, "'" + std::string(name) + "' is no base64 of a document");
    out.*member = std::move(*bytes);
  }
  out.button = flag_at(*object, "button");
  out.delivered = flag_at(*object, "delivered");
  TRY(auto offer, enroll::decode_offer(out.offer));
  if (out.row.empty() || offer.offer.serial != out.serial)
    return fail(Errc::malformed, "its Offer is of another device than it says");
  return out;
}

}  // namespace

bool holds_undelivered(const std::vector<BundleEntry>& entries, std::string_view row) {
  return std::ranges::any_of(entries, [&](const BundleEntry& each) {
    return each.row == row && !each.grant.empty() && !each.delivered;
  });
}

std::string encode_bundle(const std::vector<BundleEntry>& entries) {
  json::array list;
  for (const BundleEntry& entry : entries) {
    json::object out;
    for (const auto& [name, member] : texts)
      if (!(entry.*member).empty()) out[name] = entry.*member;
    for (const auto& [name, member, bytes_max] : documents)
      if (!(entry.*member).empty()) out[name] = to_base64(entry.*member);
    if (entry.button) out["button"] = true;
    if (entry.delivered) out["delivered"] = true;
    list.push_back(std::move(out));
  }
  json::object out{{"format", format_name}, {"version", 1}, {"entries", std::move(list)}};
  return json::serialize(out) + "\n";
}

Result<std::vector<BundleEntry>> decode_bundle(std::string_view text) {
  const auto bad = [](const std::string& what) {
    return fail(Errc::malformed, "the bundle: " + what);
  };
  if (text.size() > bundle_bytes_max) return bad("it is too large");
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 5;
  json::value value = json::parse(text, error, {}, options);
  if (error || text_at(value, "format") != format_name || text_at(value, "version") != "1")
    return bad("it is none, or of another version of this program");
  const json::value* list = value.get_object().if_contains("entries");
  if (!list || !list->is_array() || list->get_array().size() > bundle_entries_max)
    return bad("it has no entries, or too many");
  std::vector<BundleEntry> out;
  for (const json::value& each : list->get_array()) {
    auto entry = entry_of(each);
    if (!entry)
      return bad("entry " + std::to_string(out.size() + 1) + ": " + entry.error().context);
    out.push_back(std::move(*entry));
  }
  return out;
}

Answer<void> exchange(BundleEntry& entry, Api& server) {
  if (!entry.grant.empty()) return {};
  ClaimRequest request{entry.account, entry.name, entry.button, entry.replaces};
  auto answer = claim_offer(server, entry.offer, request);
  if (!answer) {
    bool decided = answer.error().kind == ProblemKind::forbidden ||
                   answer.error().kind == ProblemKind::conflict ||
                   answer.error().kind == ProblemKind::not_found ||
                   answer.error().kind == ProblemKind::bad_request;
    if (!decided) return std::unexpected(std::move(answer).error());
    entry.why = answer.error().message;
    return {};
  }
  if (auto* waiting = std::get_if<Waiting>(&*answer)) {
    entry.device = std::move(waiting->device);
    entry.why = std::move(waiting->why);
    return {};
  }
  auto& granted = std::get<Granted>(*answer);
  entry.device = std::move(granted.device);
  entry.grant = std::move(granted.grant);
  entry.owner = std::move(granted.owner);
  entry.why.clear();
  return {};
}

}  // namespace fairlead::client
