// SPDX-License-Identifier: Apache-2.0
#include "server/api/views.h"

#include <array>
#include <boost/json.hpp>

#include "base/events.h"
#include "fdo/types.h"

namespace fairlead::server::api {

namespace json = boost::json;

namespace {

template <class Enum, std::size_t N>
using Names = std::array<std::pair<Enum, std::string_view>, N>;

constexpr Names<registry::DeviceState, 10> device_states{
    {{registry::DeviceState::known, "known"},
     {registry::DeviceState::onboarding, "onboarding"},
     {registry::DeviceState::waiting, "waiting"},
     {registry::DeviceState::granted, "granted"},
     {registry::DeviceState::online, "online"},
     {registry::DeviceState::offline, "offline"},
     {registry::DeviceState::revoked, "revoked"},
     {registry::DeviceState::failed, "failed"},
     {registry::DeviceState::onboarded, "onboarded"},
     {registry::DeviceState::decommissioned, "decommissioned"}}};
constexpr Names<registry::VoucherState, 6> voucher_states{
    {{registry::VoucherState::made, "made"},
     {registry::VoucherState::owned, "owned"},
     {registry::VoucherState::pending, "pending"},
     {registry::VoucherState::superseded, "superseded"},
     {registry::VoucherState::handed_over, "handed_over"},
     {registry::VoucherState::replaced, "replaced"}}};
constexpr Names<registry::Role, 6> roles{{{registry::Role::admin, "admin"},
                                          {registry::Role::factory, "factory"},
                                          {registry::Role::operator_, "operator"},
                                          {registry::Role::engineer, "engineer"},
                                          {registry::Role::installer, "installer"},
                                          {registry::Role::auditor, "auditor"}}};
constexpr Names<registry::TrustedKey::Kind, 4> key_kinds{
    {{registry::TrustedKey::Kind::manufacturer, "manufacturer"},
     {registry::TrustedKey::Kind::owner, "owner"},
     {registry::TrustedKey::Kind::device_ca, "device_ca"},
     {registry::TrustedKey::Kind::tpm_ca, "tpm_ca"}}};
constexpr Names<registry::CertificateState, 4> certificate_states{
    {{registry::CertificateState::issued, "issued"},
     {registry::CertificateState::active, "active"},
     {registry::CertificateState::superseded, "superseded"},
     {registry::CertificateState::revoked, "revoked"}}};

template <class Enum, std::size_t N>
std::string_view name_of(const Names<Enum, N>& names, Enum value) {
  for (const auto& [each, name] : names)
    if (each == value) return name;
  return "unknown";
}

template <class Enum, std::size_t N>
std::optional<Enum> value_of(const Names<Enum, N>& names, std::string_view text) {
  for (const auto& [value, name] : names)
    if (name == text) return value;
  return std::nullopt;
}

json::value time_or_null(Time time) {
  if (time == Time{}) return nullptr;
  return json::string(to_rfc3339(time));
}

json::array texts(const std::vector<std::string>& values) {
  return json::array(values.begin(), values.end());
}

}  // namespace

std::string guid_text(const Bytes& guid) {
  auto fixed = fdo::Guid::from(guid);
  return fixed ? fdo::to_text(*fixed) : to_hex(guid);
}

std::string_view to_string(registry::DeviceState state) { return name_of(device_states, state); }
std::optional<registry::DeviceState> device_state_from(std::string_view text) {
  return value_of(device_states, text);
}
std::string_view to_string(registry::VoucherState state) { return name_of(voucher_states, state); }
std::optional<registry::VoucherState> voucher_state_from(std::string_view text) {
  return value_of(voucher_states, text);
}
std::optional<registry::TrustedKey::Kind> key_kind_from(std::string_view text) {
  return value_of(key_kinds, text);
}
std::string_view to_string(registry::Role role) { return name_of(roles, role); }
std::optional<registry::Role> role_from(std::string_view text) { return value_of(roles, text); }

json::object to_json(const registry::Account& account) {
  return {
      {"id", account.id.str()}, {"name", account.name}, {"created", time_or_null(account.created)}};
}

json::object to_json(const registry::User& user) {
  return {{"id", user.id.str()},
          {"account", user.account.str()},
          {"role", to_string(user.role)},
          {"disabled", user.disabled},
          {"created", time_or_null(user.created)}};
}

json::object to_json(const registry::ApiToken& token) {
  return {{"id", token.id},
          {"user", token.user.str()},
          {"label", token.label},
          {"scopes", texts(token.scopes)},
          {"created", time_or_null(token.created)},
          {"expires", time_or_null(token.expires)}};
}

json::object to_json(const registry::Profile& profile) {
  boost::system::error_code error;
  json::value document = json::parse(profile.document, error);
  return {{"id", profile.id.str()},
          {"priority", profile.priority},
          {"revision", profile.revision},
          {"document", error ? json::value(nullptr) : document}};
}

json::object to_json(const registry::TrustedKey& key) {
  return {{"account", key.account.str()},
          {"fingerprint", to_hex(key.fingerprint)},
          {"kind", name_of(key_kinds, key.kind)},
          {"name", key.name},
          {"created", time_or_null(key.created)}};
}

json::object to_json(const registry::Voucher& voucher) {
  return {{"guid", guid_text(voucher.guid)},
          {"serial", voucher.serial},
          {"device_info", voucher.device_info},
          {"state", to_string(voucher.state)},
          {"account", voucher.account.str()},
          {"device", voucher.device.str()},
          {"replaces", voucher.replaces.empty()
                           ? json::value(nullptr)
                           : json::value(json::string(guid_text(voucher.replaces)))},
          {"created", time_or_null(voucher.created)},
          {"changed", time_or_null(voucher.changed)}};
}

json::object to_json(const registry::Device& device) {
  return {{"id", device.id.str()},
          {"name", device.name},
          {"account", device.account.str()},
          {"serial", device.serial},
          {"model", device.model},
          {"product_uri", device.product_uri},
          {"device_info", device.device_info},
          {"groups", texts(device.groups)},
          {"guid", guid_text(device.guid)},
          {"profile", device.profile.str()},
          {"state", to_string(device.state)},
          {"state_reason", device.state_reason},
          {"created", time_or_null(device.created)},
          {"changed", time_or_null(device.changed)},
          {"last_seen", time_or_null(device.last_seen)}};
}

json::object to_json(const registry::Certificate& certificate) {
  return {{"serial_number", to_hex(certificate.serial)},
          {"state", name_of(certificate_states, certificate.state)},
          {"not_before", time_or_null(certificate.not_before)},
          {"not_after", time_or_null(certificate.not_after)},
          {"topic_prefix", certificate.topic_prefix}};
}

json::object to_json(const registry::To0Job& job) {
  return {{"server", job.rendezvous},
          {"registered_until", time_or_null(job.registered_until)},
          {"next_try", time_or_null(job.due)},
          {"failures", job.failures},
          {"last_error", job.last_error}};
}

json::object to_json(const registry::OwnRegistration& own) {
  json::object out = to_json(own.job);
  out["guid"] = guid_text(own.job.guid);
  out["account"] = own.account.str();
  out["serial"] = own.serial;
  return out;
}

json::object to_json(const registry::Registration& registration) {
  return {{"guid", guid_text(registration.guid)},
          {"expires", time_or_null(registration.expires)},
          {"changed", time_or_null(registration.changed)}};
}

json::object to_json(const registry::TimelineEvent& record) {
  const LogEvent* known = find_event(record.id);
  json::object fields;
  for (const Field& field : record.fields) fields[field.name] = field.value;
  return {{"sequence", record.sequence},
          {"at", time_or_null(record.at)},
          {"id", record.id},
          {"level", known ? std::string(fairlead::to_string(known->level)) : "info"},
          {"text", known ? describe(*known, record.fields) : record.id},
          {"advice", known ? json::value(json::string(known->advice)) : json::value("")},
          {"fields", std::move(fields)},
          {"times", record.times},
          {"last", time_or_null(record.last)}};
}

json::object to_json(const registry::AuditRecord& record) {
  return {{"sequence", record.sequence},
          {"entry", record.entry},
          {"entry_sha256", crypto::sha256(as_view(record.entry)).hex()},
          {"link", to_hex(record.link)}};
}

json::object to_json(const registry::Upload& record) {
  return {{"name", record.name},
          {"size", record.size},
          {"sha384", to_hex(record.sha384)},
          {"at", time_or_null(record.at)}};
}

}  // namespace fairlead::server::api
