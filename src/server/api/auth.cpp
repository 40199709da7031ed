// SPDX-License-Identifier: Apache-2.0
#include "server/api/auth.h"

#include <array>

#include "codec/base64.h"
#include "crypto/password.h"

namespace fairlead::server::api {

namespace {
constexpr std::string_view scheme = "scrypt15$";

// What each role may do, whatever its tokens say. Others than admin see their own account only.
struct RoleScopes {
  registry::Role role;
  std::array<std::string_view, 12> scopes;
};
constexpr std::array<RoleScopes, 6> role_table{{
    {registry::Role::admin, {"*"}},
    {registry::Role::factory,
     {"factory:read", "factory:write", "vouchers:read", "vouchers:write", "status:read"}},
    {registry::Role::operator_,
     {"devices:read", "devices:write", "devices:claim", "devices:approve", "vouchers:read",
      "vouchers:write", "profiles:read", "profiles:write", "trust:read", "trust:write",
      "factory:read", "status:read"}},
    {registry::Role::engineer,
     {"devices:read", "devices:write", "devices:claim", "profiles:read", "vouchers:read",
      "status:read"}},
    {registry::Role::installer, {"devices:read", "devices:claim", "status:read"}},
    {registry::Role::auditor,
     {"devices:read", "vouchers:read", "profiles:read", "trust:read", "users:read", "factory:read",
      "status:read", "metrics:read", "audit:read"}},
}};

bool role_allows(registry::Role role, std::string_view scope) {
  auto row = std::ranges::find(role_table, role, &RoleScopes::role);
  return row != role_table.end() &&
         std::ranges::any_of(row->scopes, [&](auto each) { return each == "*" || each == scope; });
}
// What a token gives: its scopes, and with devices:write what may be done to devices besides.
bool token_allows(std::string_view held, std::string_view scope) {
  bool about_devices = scope == "devices:claim" || scope == "devices:approve";
  return held == "*" || held == scope || (held == "devices:write" && about_devices);
}
}  // namespace

Result<std::string> hash_password(std::string_view password, Random& random) {
  if (password.size() < 10) return fail(Errc::refused, "password: at least 10 characters");
  Bytes salt = random.bytes(16);
  TRY(Bytes hash, crypto::scrypt(password, salt));
  return std::string(scheme) + to_base64url(salt) + "$" + to_base64url(hash);
}

bool verify_password(std::string_view password, const std::string& stored) {
  if (!stored.starts_with(scheme)) return false;
  std::string_view rest = std::string_view(stored).substr(scheme.size());
  auto dollar = rest.find('$');
  if (dollar == std::string_view::npos) return false;
  auto salt = from_base64url(rest.substr(0, dollar)),
       expected = from_base64url(rest.substr(dollar + 1));
  if (!salt || !expected) return false;
  auto hash = crypto::scrypt(password, *salt);
  return hash && equal_constant_time(*hash, *expected);
}

NewToken make_token(const UserId& user, std::vector<std::string> scopes, std::string label,
                    Time now, Duration lifetime, Random& random) {
  NewToken out;
  out.secret = "fl_" + to_base64url(random.bytes(32));
  out.record = {to_hex(random.bytes(8)),
                user,
                to_bytes(View(crypto::sha256(as_view(out.secret)))),
                std::move(scopes),
                std::move(label),
                now,
                now + lifetime};
  return out;
}

Result<Principal> authenticate(Store& store, std::string_view authorization, Time now) {
  constexpr std::string_view bearer = "Bearer ";
  const auto no = [] {
    return fail(Errc::untrusted, "a valid token is needed: `fairlead login` gets one");
  };
  if (!authorization.starts_with(bearer)) return no();
  TRY(auto token, store.read().find_token_by_hash(
                      crypto::sha256(as_view(authorization.substr(bearer.size())))));
  if (!token || token->expires < now) return no();
  TRY(auto user, store.read().find_user(token->user));
  if (!user || user->disabled) return no();
  return Principal{std::move(*user), std::move(token->scopes)};
}

Result<void> authorize(const Principal& principal, std::string_view scope) {
  if (!role_allows(principal.user.role, scope))
    return fail(Errc::refused, "role does not allow '" + std::string(scope) + "'");
  if (std::ranges::none_of(principal.scopes,
                           [&](const auto& each) { return token_allows(each, scope); }))
    return fail(Errc::refused, "token lacks scope '" + std::string(scope) + "'");
  return ok();
}

}  // namespace fairlead::server::api
