// SPDX-License-Identifier: Apache-2.0
// bundle = {"format": "fairlead-bundle", "version": 2, "entries": [entry]}
// entry  = {"row", "serial", "account", "name", "replaces", "device", "why": text,
//           "offer", "grant", "owner": base64, "proof": "code" / "button" / "stick",
//           "delivered": bool}; what is empty, or false, is left out
#include "local/bundle.h"

#include <boost/json.hpp>

#include "base/limits.h"
#include "codec/base64.h"
#include "enroll/documents.h"

namespace fairlead::local {

namespace json = boost::json;

namespace {

constexpr std::string_view format_name = "fairlead-bundle";
constexpr int format_version = 2;  // 1 had "button": bool

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
constexpr Proof proofs[] = {Proof::code, Proof::button, Proof::stick};

Result<std::string> text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value) return std::string();
  if (!value->is_string()) return fail(Errc::malformed, "'" + std::string(name) + "' is no text");
  return std::string(value->get_string());
}

Result<Proof> proof_of(const json::object& object) {
  TRY(std::string text, text_of(object, "proof"));
  for (Proof each : proofs)
    if (text == to_string(each)) return each;
  return fail(Errc::malformed, "'proof' is none of code, button and stick");
}

Result<BundleEntry> entry_of(const json::value& value) {
  const json::object* object = value.if_object();
  if (!object) return fail(Errc::malformed, "it is no object");
  BundleEntry out;
  for (const auto& [name, member] : texts) {
    TRY(out.*member, text_of(*object, name));
  }
  for (const auto& [name, member, bytes_max] : documents) {
    TRY(std::string text, text_of(*object, name));
    auto bytes = from_base64(text);
    if (!bytes || bytes->size() > bytes_max)
      return fail(Errc::malformed, "'" + std::string(name) + "' is no base64 of a document");
    out.*member = std::move(*bytes);
  }
  TRY(out.proof, proof_of(*object));
  const json::value* delivered = object->if_contains("delivered");
  out.delivered = delivered && delivered->is_bool() && delivered->get_bool();
  TRY(auto offer, enroll::decode_offer(out.offer));
  bool has_place = !out.row.empty() || out.proof == Proof::stick;  // a stick knows no plan
  if (!has_place || offer.offer.serial != out.serial)
    return fail(Errc::malformed, "its Offer is of another device than it says");
  return out;
}

}  // namespace

std::string encode_bundle(const std::vector<BundleEntry>& entries) {
  json::array list;
  for (const BundleEntry& entry : entries) {
    json::object out;
    for (const auto& [name, member] : texts)
      if (!(entry.*member).empty()) out[name] = entry.*member;
    for (const auto& [name, member, bytes_max] : documents)
      if (!(entry.*member).empty()) out[name] = to_base64(entry.*member);
    out["proof"] = to_string(entry.proof);
    if (entry.delivered) out["delivered"] = true;
    list.push_back(std::move(out));
  }
  json::object out{
      {"format", format_name}, {"version", format_version}, {"entries", std::move(list)}};
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
  const json::value value = json::parse(text, error, {}, options);
  const json::object* bundle = error ? nullptr : value.if_object();
  const json::value* version = bundle ? bundle->if_contains("version") : nullptr;
  auto format = bundle ? text_of(*bundle, "format") : Result<std::string>(std::string());
  if (!format || *format != format_name || !version || *version != format_version)
    return bad("it is none, or of another version of this program");
  const json::value* list = bundle->if_contains("entries");
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

}  // namespace fairlead::local
