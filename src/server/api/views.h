// SPDX-License-Identifier: Apache-2.0
// Registry records as the REST API shows them (docs/api/openapi.yaml). No secret has a form here.
#pragma once

#include <boost/json/fwd.hpp>

#include "registry/records.h"

namespace fairlead::server::api {

boost::json::object to_json(const registry::Account& account);
boost::json::object to_json(const registry::User& user);
boost::json::object to_json(const registry::ApiToken& token);
boost::json::object to_json(const registry::Profile& profile);
boost::json::object to_json(const registry::TrustedKey& key);
boost::json::object to_json(const registry::Voucher& voucher);
boost::json::object to_json(const registry::Device& device);
boost::json::object to_json(const registry::Certificate& certificate);
boost::json::object to_json(const registry::TimelineEvent& event);
boost::json::object to_json(const registry::AuditRecord& record);
boost::json::object to_json(const registry::Upload& upload);
boost::json::object to_json(const registry::To0Job& job);
boost::json::object to_json(const registry::OwnRegistration& own);
boost::json::object to_json(const registry::Registration& registration);

std::string guid_text(const Bytes& guid);  // with dashes

std::string_view to_string(registry::DeviceState state);
std::optional<registry::DeviceState> device_state_from(std::string_view text);
std::string_view to_string(registry::VoucherState state);
std::optional<registry::VoucherState> voucher_state_from(std::string_view text);
std::optional<registry::TrustedKey::Kind> key_kind_from(std::string_view text);
std::string_view to_string(registry::Role role);
std::optional<registry::Role> role_from(std::string_view text);

}  // namespace fairlead::server::api
