// SPDX-License-Identifier: Apache-2.0
#include "server/api/api.h"

#include <array>
#include <charconv>

#include "base/events.h"
#include "server/api/call.h"
#include "server/http_status.h"
#include "server/percent.h"

namespace fairlead::server::api {

namespace {

struct Route {
  std::string_view method, path, scope;  // scope "": public; "self": any valid token
  Handler handler;
};

constexpr std::array routes_table{
    Route{"GET", "/api/v1/health", "", health},
    Route{"POST", "/api/v1/login", "", login},
    Route{"GET", "/metrics", "metrics:read", metrics},
    Route{"GET", "/api/v1/me", "self", me},
    Route{"GET", "/api/v1/status", "status:read", status},
    Route{"GET", "/api/v1/keys", "factory:read", keys},
    Route{"GET", "/api/v1/dpp", "profiles:read", show_controller},
    Route{"GET", "/api/v1/accounts", "users:read", list_accounts},
    Route{"POST", "/api/v1/accounts", "users:write", create_account},
    Route{"GET", "/api/v1/users", "users:read", list_users},
    Route{"POST", "/api/v1/users", "users:write", create_user},
    Route{"GET", "/api/v1/users/{id}", "users:read", show_user},
    Route{"PATCH", "/api/v1/users/{id}", "users:write", change_user},
    Route{"GET", "/api/v1/tokens", "self", list_tokens},
    Route{"POST", "/api/v1/tokens", "self", create_token},
    Route{"DELETE", "/api/v1/tokens/{id}", "self", remove_token},
    Route{"GET", "/api/v1/profiles", "profiles:read", list_profiles},
    Route{"GET", "/api/v1/profiles/{id}", "profiles:read", show_profile},
    Route{"PUT", "/api/v1/profiles/{id}", "profiles:write", put_profile},
    Route{"DELETE", "/api/v1/profiles/{id}", "profiles:write", remove_profile},
    Route{"GET", "/api/v1/profiles/{id}/wifi", "profiles:read", show_wifi},
    Route{"PUT", "/api/v1/profiles/{id}/wifi", "profiles:write", put_wifi},
    Route{"DELETE", "/api/v1/profiles/{id}/wifi", "profiles:write", remove_wifi},
    Route{"GET", "/api/v1/trusted-keys", "trust:read", list_trusted},
    Route{"POST", "/api/v1/trusted-keys", "trust:write", add_trusted},
    Route{"DELETE", "/api/v1/trusted-keys/{fingerprint}", "trust:write", remove_trusted},
    Route{"GET", "/api/v1/factory/rendezvous", "factory:read", show_rendezvous},
    Route{"PUT", "/api/v1/factory/rendezvous", "factory:write", put_rendezvous},
    Route{"GET", "/api/v1/rendezvous/registrations", "factory:read", list_registrations},
    Route{"GET", "/api/v1/vouchers", "vouchers:read", list_vouchers},
    Route{"POST", "/api/v1/vouchers/import", "vouchers:write", import_vouchers},
    Route{"GET", "/api/v1/vouchers/registrations", "vouchers:read", list_own_registrations},
    Route{"GET", "/api/v1/vouchers/{guid}", "vouchers:read", show_voucher},
    Route{"GET", "/api/v1/vouchers/{guid}/pem", "vouchers:read", show_voucher_pem},
    Route{"POST", "/api/v1/vouchers/{guid}/extend", "vouchers:write", extend_voucher},
    Route{"GET", "/api/v1/audit", "audit:read", list_audit},
    Route{"POST", "/api/v1/claims", "devices:claim", claim_device},
    Route{"GET", "/api/v1/adoptions", "devices:read", list_adoptions},
    Route{"GET", "/api/v1/devices", "devices:read", list_devices},
    Route{"POST", "/api/v1/devices", "devices:write", create_device},
    Route{"GET", "/api/v1/devices/{id}", "devices:read", show_device},
    Route{"PATCH", "/api/v1/devices/{id}", "devices:write", change_device},
    Route{"GET", "/api/v1/devices/{id}/timeline", "devices:read", show_timeline},
    Route{"GET", "/api/v1/devices/{id}/uploads", "devices:read", list_uploads},
    Route{"GET", "/api/v1/devices/{id}/uploads/{name}", "devices:read", show_upload},
    Route{"GET", "/api/v1/devices/{id}/dpp", "devices:read", show_bootstrap},
    Route{"PUT", "/api/v1/devices/{id}/dpp", "devices:write", put_bootstrap},
    Route{"DELETE", "/api/v1/devices/{id}/dpp", "devices:write", remove_bootstrap},
    Route{"POST", "/api/v1/devices/{id}/otp", "devices:write", make_password},
    Route{"POST", "/api/v1/devices/{id}/revoke", "devices:write", revoke_device},
    Route{"POST", "/api/v1/devices/{id}/decommission", "devices:write", decommission_device},
    Route{"POST", "/api/v1/devices/{id}/replace", "devices:write", replace_device},
    Route{"POST", "/api/v1/devices/{id}/readmit", "devices:write", readmit_device},
    Route{"POST", "/api/v1/devices/{id}/approve", "devices:approve", approve_device},
    Route{"POST", "/api/v1/devices/{id}/reject", "devices:approve", reject_device},
};

std::string_view take_segment(std::string_view& path) {
  auto slash = path.find('/');
  std::string_view segment = path.substr(0, slash);
  path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  return segment;
}

std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
  std::vector<std::string> parameters;
  while (!pattern.empty() && !path.empty()) {
    std::string_view wanted = take_segment(pattern), actual = take_segment(path);
    if (wanted.starts_with('{') && !actual.empty())
      parameters.push_back(percent_decoded_path(actual));
    else if (wanted != actual)
      return std::nullopt;
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return parameters;
}

// For programs: "not_found", where people read "not found".
std::string code_of(Errc code) {
  if (code == Errc::io) return "io";
  std::string out(fairlead::to_string(code));
  std::ranges::replace(out, ' ', '_');
  return out;
}

struct Found {
  const Route* route = nullptr;
  std::vector<std::string> parameters;
  bool path_known = false;
};

Found find_route(const Request& request) {
  Found found;
  for (const Route& route : routes_table) {
    auto parameters = match(route.path, request.path);
    if (!parameters) continue;
    found.path_known = true;
    if (route.method != request.method) continue;
    found.route = &route;
    found.parameters = std::move(*parameters);
    break;
  }
  return found;
}

Result<json::object> parse_body(const Request& request) {
  bool is_json =
      request.content_type.empty() || request.content_type.starts_with("application/json");
  if (request.body.empty() || !is_json) return json::object{};
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 16;
  json::value value = json::parse(as_text(request.body), error, {}, options);
  if (error || !value.is_object())
    return fail(Errc::malformed, "the request's body is not a JSON object");
  return std::move(value.get_object());
}

}  // namespace

Response ok_json(const json::value& value, unsigned status) {
  return {status, "application/json", {}, json::serialize(value) + "\n"};
}

Response error_response(unsigned status, std::string_view code, std::string_view message) {
  json::object body{{"error", {{"code", code}, {"message", message}}}};
  return ok_json(body, status);
}

std::string Call::query(std::string_view name) const {
  for (const auto& [key, value] : request.query)
    if (key == name) return value;
  return {};
}

registry::Change Call::deed(const AccountId& account, std::string subject, const LogEvent& event,
                            Fields fields) {
  fields.insert(fields.begin(), {"who", who.user.id.str()});
  deeds.emplace_back(&event, fields);
  return audited(actor(), request.now, account, std::move(subject), event, std::move(fields));
}

Result<void> Call::commit(registry::Transaction changes, std::source_location caller) {
  return tell(s.store.commit(std::move(changes), caller));
}

Result<void> Call::tell(Result<void> committed) {
  for (const auto& [event, fields] : std::exchange(deeds, {}))
    if (committed) s.log.write(*event, fields);
  return committed;
}

registry::Page Call::page() const {
  registry::Page page{query("after"), 100};
  std::string limit = query("limit");
  std::size_t number = 0;
  auto [end, error] = std::from_chars(limit.data(), limit.data() + limit.size(), number);
  if (error == std::errc{} && number >= 1 && number <= 1000) page.limit = number;
  return page;
}

namespace {
// Code points: every byte of UTF-8 but the continuing ones begins one.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

Result<std::string> text_of(const json::value& value, std::string_view name,
                            std::size_t characters_max) {
  if (!value.is_string()) return fail(Errc::malformed, "'" + std::string(name) + "' is not a text");
  if (characters(value.get_string()) > characters_max)
    return fail(Errc::malformed, "'" + std::string(name) + "' is longer than " +
                                     std::to_string(characters_max) + " characters");
  return std::string(value.get_string());
}
}  // namespace

Result<std::string> Call::text(std::string_view name, std::size_t characters_max) const {
  const json::value* value = body.if_contains(name);
  if (!value) return fail(Errc::malformed, "'" + std::string(name) + "' is missing");
  TRY(auto given, text_of(*value, name, characters_max));
  if (given.empty()) return fail(Errc::malformed, "'" + std::string(name) + "' is empty");
  return given;
}

Result<std::string> Call::text_or(std::string_view name, std::string otherwise) const {
  const json::value* value = body.if_contains(name);
  if (!value || value->is_null()) return otherwise;
  TRY(auto given, text_of(*value, name, text_characters_max));
  return given.empty() ? otherwise : given;
}

Result<std::vector<std::string>> Call::texts(std::string_view name) const {
  constexpr std::size_t texts_max = 32;
  const json::value* list = body.if_contains(name);
  if (!list || !list->is_array() || list->get_array().size() > texts_max)
    return fail(Errc::malformed, "'" + std::string(name) + "' is not a list of at most " +
                                     std::to_string(texts_max));
  std::vector<std::string> out;
  for (const json::value& each : list->get_array()) {
    TRY(auto given, text_of(each, name, text_characters_max));
    out.push_back(std::move(given));
  }
  return out;
}

std::optional<bool> Call::flag(std::string_view name) const {
  const json::value* value = body.if_contains(name);
  if (!value || !value->is_bool()) return std::nullopt;
  return value->get_bool();
}

bool Call::matches(std::string_view etag) const {
  std::string_view wanted = request.if_match;
  if (wanted.empty()) return true;
  if (wanted == "*") return !etag.empty();
  while (!wanted.empty()) {
    auto comma = wanted.find(',');
    std::string_view each = wanted.substr(0, comma);
    wanted.remove_prefix(comma == std::string_view::npos ? wanted.size() : comma + 1);
    while (each.starts_with(' ')) each.remove_prefix(1);
    while (each.ends_with(' ')) each.remove_suffix(1);
    if (!etag.empty() && each == etag) return true;
  }
  return false;
}

std::string content_tag(std::initializer_list<std::string_view> parts) {
  std::string all;
  for (std::string_view part : parts) all += std::to_string(part.size()) + ":" + std::string(part);
  return "\"" + crypto::sha256(as_view(all)).hex().substr(0, 16) + "\"";
}

Response changed_meanwhile(std::string_view what) {
  return error_response(
      412, "conflict",
      "somebody else changed " + std::string(what) + " meanwhile; look at it again first");
}

Result<AccountId> own_account(const Call& call, const std::string& named) {
  if (named.empty()) return call.who.user.account;
  AccountId account(named);
  if (!call.who.sees(account)) return fail(Errc::refused, "account '" + named + "' is not yours");
  TRY(auto known, call.read().find_account(account));
  if (!known) return fail(Errc::not_found, "there is no account '" + named + "'");
  return account;
}

Response Api::handle(const Request& request) {
  Found found = find_route(request);
  if (!found.route) {
    // Whoever has no token learns nothing about which paths there are.
    auto known = authenticate(services_.store, request.authorization, request.now);
    if (!known) return error_response(401, "untrusted", known.error().context);
    return found.path_known
               ? error_response(405, "unsupported", "this path does not take " + request.method)
               : error_response(404, "not_found", "there is nothing at this path");
  }
  auto answer = [&]() -> Result<Response> {
    Principal who;
    if (!found.route->scope.empty()) {
      TRY(who, authenticate(services_.store, request.authorization, request.now));
      if (found.route->scope != "self") TRY_VOID(authorize(who, found.route->scope));
    }
    TRY(auto body, parse_body(request));
    Call call{services_, request, who, found.parameters, std::move(body), logins_};
    return found.route->handler(call);
  }();
  if (answer) return std::move(*answer);
  const Error& error = answer.error();
  unsigned status = http_status_of(error.code);
  services_.log(event::api_refused, {{"method", request.method},
                                     {"path", request.path},
                                     {"status", std::to_string(status)},
                                     {"why", error.context},
                                     {"peer", request.peer}});
  return error_response(status, code_of(error.code), error.context);
}

std::vector<RouteName> routes() {
  std::vector<RouteName> out;
  for (const Route& route : routes_table)
    out.push_back({std::string(route.method), std::string(route.path), std::string(route.scope)});
  return out;
}

Result<void> Api::bootstrap(const KeepToken& keep, Time now) {
  TRY(auto users, services_.store.read().users());
  if (!users.empty()) return ok();
  NewToken token = make_token(UserId("admin"), {"*"}, "first start", now, std::chrono::days(365),
                              services_.random);
  registry::User admin{UserId("admin"), {}, registry::Role::admin, {}, false, now};
  registry::Profile profile{ProfileId("default"), -1000, 0, default_profile_document()};
  TRY_VOID(keep(token.secret));
  return services_.store.commit({registry::PutAccount{{AccountId("default"), "Default", now}},
                                 registry::PutUser{std::move(admin)},
                                 registry::PutToken{std::move(token.record)},
                                 registry::PutProfile{std::move(profile), {}},
                                 audited({"server"}, now, {}, "admin", event::first_start, {})});
}

}  // namespace fairlead::server::api
