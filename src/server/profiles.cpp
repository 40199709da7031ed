// SPDX-License-Identifier: Apache-2.0
#include "server/profiles.h"

#include <boost/json.hpp>

#include "codec/base64.h"

namespace fairlead::server {

namespace json = boost::json;

namespace {

constexpr std::size_t list_max = 64;
constexpr std::size_t download_bytes_max = 1024 * 1024;

// Reads members of one object, remembers which were asked for, and refuses the rest: a misspelt
// rule is no rule.
class Members {
 public:
  Members(const json::value& value, std::string where) : where_(std::move(where)) {
    object_ = value.if_object();
    if (!object_) error("", "must be an object");
  }

  std::string text(std::string_view name, bool required = false) {
    const json::value* value = find(name, required);
    if (!value) return {};
    const json::string* string = value->if_string();
    if (!string || string->size() > 4096)
      return error(name, "must be a text of at most 4096 bytes"), std::string{};
    return std::string(*string);
  }
  bool flag(std::string_view name, bool otherwise) {
    const json::value* value = find(name, false);
    if (!value) return otherwise;
    if (!value->is_bool()) error(name, "must be true or false");
    return value->is_bool() ? value->get_bool() : otherwise;
  }
  std::int64_t number(std::string_view name, std::int64_t otherwise, std::int64_t min,
                      std::int64_t max) {
    const json::value* value = find(name, false);
    if (!value) return otherwise;
    const std::int64_t* number = value->if_int64();
    if (!number || *number < min || *number > max)
      return error(name, "must be a whole number from " + std::to_string(min) + " to " +
                             std::to_string(max)),
             otherwise;
    return *number;
  }
  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> out;
    const json::value* value = find(name, false);
    if (!value) return out;
    const json::array* array = value->if_array();
    if (!array || array->size() > list_max)
      return error(name, "must be a list of at most 64 texts"), out;
    for (const json::value& each : *array) {
      if (!each.is_string()) return error(name, "must be a list of texts"), out;
      out.emplace_back(each.get_string());
    }
    return out;
  }
  const json::value* find(std::string_view name, bool required) {
    seen_.emplace_back(name);
    const json::value* value = object_ ? object_->if_contains(name) : nullptr;
    if (!value && required) error(name, "is missing");
    return value;
  }
  void error(std::string_view name, const std::string& why) {
    if (status_) status_ = fail(Errc::malformed, where_ + std::string(name) + ": " + why);
  }
  Result<void> finish() {
    if (!status_ || !object_) return status_;
    for (const auto& member : *object_)
      if (std::ranges::find(seen_, std::string_view(member.key())) == seen_.end())
        error(member.key(), "is not known here");
    return status_;
  }

 private:
  const json::object* object_ = nullptr;
  std::string where_;
  std::vector<std::string> seen_;
  Result<void> status_;
};

std::shared_ptr<const fdo::FileSource> content_of(Members& in) {
  const json::value* content = in.find("content_base64", true);
  auto bytes =
      content && content->is_string() ? from_base64_lenient(content->get_string()) : std::nullopt;
  if (!bytes || bytes->size() > download_bytes_max)
    in.error("content_base64", "must be base64 of at most 1 MiB; larger ones are a \"file\"");
  return std::make_shared<const fdo::FileInMemory>(bytes.value_or(Bytes{}));
}

// `file`: the server's file that a download takes its content from; else empty.
Result<fdo::Action> parse_action(const json::value& value, const std::string& where,
                                 std::string& file) {
  Members in(value, where);
  std::string kind = in.text("kind", true);
  fdo::Action out = fdo::action::Upload{};
  if (kind == "download") {
    std::string name = in.text("name", true);
    file = in.text("file");
    out = fdo::action::Download{name, file.empty() ? content_of(in) : nullptr};
  } else if (kind == "upload") {
    out = fdo::action::Upload{in.text("name", true)};
  } else if (kind == "wget") {
    fdo::action::Wget wget{in.text("name", true), in.text("url", true), {}};
    std::string sha384 = in.text("sha384");
    auto hash = from_hex(sha384);
    if (!sha384.empty() && (!hash || hash->size() != 48))
      in.error("sha384", "must be 96 hexadecimal digits");
    if (hash) wget.sha384 = *hash;
    out = std::move(wget);
  } else if (kind == "command") {
    out =
        fdo::action::Command{in.text("command", true), in.texts("args"), in.flag("may_fail", false),
                             in.flag("return_stdout", true), in.flag("return_stderr", true)};
  } else {
    in.error("kind", "must be download, upload, wget or command");
  }
  TRY_VOID(in.finish());
  return out;
}

enroll::Match parse_match(Members& outer, const json::value* value, Result<void>& status) {
  enroll::Match match;
  if (!value) return match;
  Members in(*value, "match.");
  match.devices = in.texts("devices");
  match.serials = in.texts("serials");
  match.models = in.texts("models");
  match.device_infos = in.texts("device_infos");
  match.groups = in.texts("groups");
  for (auto& account : in.texts("accounts")) match.accounts.emplace_back(std::move(account));
  status = in.finish();
  static_cast<void>(outer);
  return match;
}

}  // namespace

Result<EnrolmentProfile> parse_profile(const ProfileId& id, std::string_view text) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 8;
  json::value document = json::parse(text, error, {}, options);
  if (error) return fail(Errc::malformed, "profile is not JSON: " + error.message());
  EnrolmentProfile out;
  Members in(document, "");
  out.decision.id = id;
  out.priority = in.number("priority", 0, -1'000'000, 1'000'000);
  Result<void> match_status;
  out.decision.match = parse_match(in, in.find("match", false), match_status);
  TRY_VOID(match_status);
  out.decision.account = AccountId(in.text("account"));
  out.decision.approval = in.flag("approval", false);
  std::string attestation = in.text("attestation");
  if (!attestation.empty() && attestation != "none" && attestation != "tpm")
    in.error("attestation", "must be none or tpm");
  out.decision.key_in_tpm = attestation == "tpm";
  std::string new_key = in.text("new_key");
  if (!new_key.empty() && new_key != "replace" && new_key != "wait")
    in.error("new_key", "must be replace or wait");
  out.decision.new_key = new_key == "wait" ? enroll::NewKey::wait : enroll::NewKey::replace;
  constexpr std::int64_t year = 365 * 86'400;
  out.decision.certificate_lifetime =
      std::chrono::seconds(in.number("certificate_lifetime_s", 90 * 86'400, 60, 20 * year));
  out.renew_after_expiry =
      std::chrono::seconds(in.number("renew_after_expiry_s", 30 * 86'400, 0, 20 * year));
  std::string on_clone = in.text("on_clone");
  if (!on_clone.empty() && on_clone != "quarantine" && on_clone != "note")
    in.error("on_clone", "must be quarantine or note");
  out.quarantine_clones = on_clone != "note";
  out.endpoints = in.texts("endpoints");
  out.allow_credential_reuse = in.flag("allow_credential_reuse", false);
  if (const json::value* actions = in.find("actions", false)) {
    const json::array* list = actions->if_array();
    if (!list || list->size() > list_max) in.error("actions", "must be a list of at most 64");
    for (std::size_t i = 0; list && i < list->size() && i < list_max; ++i) {
      std::string file;
      TRY(auto action, parse_action((*list)[i], "actions[" + std::to_string(i) + "].", file));
      if (!file.empty()) out.files.emplace(out.actions.size(), std::move(file));
      out.actions.push_back(std::move(action));
    }
  }
  TRY_VOID(in.finish());
  return out;
}

enroll::Subject subject_of(const registry::Device& device) {
  return {device.serial, device.model,   device.device_info,
          device.groups, device.account, device.id};
}

Result<std::shared_ptr<const EnrolmentProfile>> Profiles::parsed(const registry::Profile& record) {
  Parsed& known = parsed_[record.id];
  if (known.profile && known.document == record.document) return known.profile;
  TRY(auto profile, parse_profile(record.id, record.document).in("profile " + record.id.str()));
  known = {record.document, std::make_shared<const EnrolmentProfile>(std::move(profile))};
  return known.profile;
}

Result<std::shared_ptr<const EnrolmentProfile>> Profiles::matching(const enroll::Subject& subject) {
  TRY(auto records, registry_.profiles());
  std::lock_guard lock(mutex_);
  if (parsed_.size() > records.size()) parsed_.clear();  // one was removed
  for (const registry::Profile& record : records) {
    TRY(auto profile, parsed(record));
    if (enroll::matches(profile->decision.match, subject)) return profile;
  }
  return std::shared_ptr<const EnrolmentProfile>();
}

std::string default_profile_document() {
  return R"({"priority": -1000, "account": "default", "certificate_lifetime_s": 7776000})";
}

}  // namespace fairlead::server
