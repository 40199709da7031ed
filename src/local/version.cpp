// SPDX-License-Identifier: Apache-2.0
#include "local/version.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/limits.h"
#include "codec/utf8.h"

namespace fairlead::local {

namespace json = boost::json;

namespace {

constexpr std::size_t capabilities_max = 32;
constexpr std::size_t about_bytes_max = 120;  // of each, so that all fit the version's own limit

struct AboutMember {
  std::string_view name;
  std::string About::* member;
};
constexpr AboutMember about_members[] = {{"id", &About::product_uri}, {"vn", &About::vendor},
                                         {"md", &About::model},       {"sn", &About::serial},
                                         {"fw", &About::firmware},    {"st", &About::state}};

json::object about_json(const About& about) {
  json::object out;
  for (const auto& [name, member] : about_members) {
    const std::string& text = about.*member;
    if (!text.empty() && text.size() <= about_bytes_max && is_utf8(text)) out[name] = text;
  }
  return out;
}

About about_of(const json::object& object) {
  About out;
  const json::value* about = object.if_contains("about");
  if (!about || !about->is_object()) return out;
  for (const auto& [name, member] : about_members) {
    const json::value* text = about->get_object().if_contains(name);
    if (text && text->is_string() && text->get_string().size() <= about_bytes_max)
      out.*member = text->get_string();
  }
  return out;
}

json::array array_of(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& each : texts) out.emplace_back(each);
  return out;
}

std::vector<std::string> capabilities_of(const json::object& object) {
  std::vector<std::string> out;
  const json::value* list = object.if_contains("cap");
  if (!list || !list->is_array()) return out;
  for (const json::value& each : list->get_array())
    if (each.is_string() && out.size() < capabilities_max) out.emplace_back(each.get_string());
  return out;
}

Result<std::int64_t> number_of(const json::object& object, std::string_view name,
                               std::int64_t otherwise, std::int64_t max) {
  const json::value* value = object.if_contains(name);
  if (!value) return otherwise;
  if (!value->is_int64() || value->get_int64() < 0 || value->get_int64() > max)
    return fail(Errc::unsupported, "the device's " + std::string(name) + " is not one we know");
  return value->get_int64();
}

// "v1.0", "V0.1"
bool is_version_text(std::string_view text) {
  return text.size() > 1 && (text[0] == 'v' || text[0] == 'V') && text[1] >= '0' && text[1] <= '9';
}

}  // namespace

bool Version::has(std::string_view capability) const {
  return std::ranges::find(capabilities, capability) != capabilities.end();
}

// `sec_patch_ver` is always told: stock clients take its absence for 0.
std::string encode_version(const Version& version) {
  json::object prov{{"ver", "v1.1"},
                    {"sec_ver", static_cast<int>(version.security)},
                    {"sec_patch_ver", static_cast<int>(version.rule)},
                    {"cap", array_of(version.capabilities)}};
  json::object out{{"prov", std::move(prov)}};
  if (!version.fairlead_capabilities.empty()) {
    json::object own{{"ver", "1.0"}, {"cap", array_of(version.fairlead_capabilities)}};
    if (auto about = about_json(version.about); !about.empty()) own["about"] = std::move(about);
    out["fairlead"] = std::move(own);
  }
  return json::serialize(out);
}

Result<Version> decode_version(View in) {
  if (in.empty() || in.size() > limits::local_version_bytes_max)
    return fail(Errc::malformed, "the device's version is empty or too long");
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 8;
  json::value value = json::parse(json::string_view(as_text(in)), error, {}, options);
  if (error)
    return is_version_text(as_text(in)) ? Result<Version>(Version{})
                                        : fail(Errc::malformed, "the device's version is not JSON");
  const json::object* root = value.if_object();
  const json::value* prov = root ? root->if_contains("prov") : nullptr;
  if (!prov || !prov->is_object())
    return fail(Errc::malformed, "the device's version says nothing of provisioning");
  const json::object& facts = prov->get_object();
  Version out;
  out.capabilities = capabilities_of(facts);
  TRY(auto security, number_of(facts, "sec_ver", out.has("no_sec") ? 0 : 1, 2));
  TRY(auto patch, number_of(facts, "sec_patch_ver", 0, 1));
  out.security = static_cast<Security>(security);
  out.rule = static_cast<NonceRule>(patch);
  const json::value* own = root->if_contains("fairlead");
  if (own && own->is_object()) {
    out.fairlead_capabilities = capabilities_of(own->get_object());
    out.about = about_of(own->get_object());
  }
  return out;
}

}  // namespace fairlead::local
