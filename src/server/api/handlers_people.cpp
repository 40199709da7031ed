// SPDX-License-Identifier: Apache-2.0
#include <atomic>

#include "base/events.h"
#include "server/api/call.h"

namespace fairlead::server::api {

namespace {

constexpr int logins_at_once_max =
    2;  // each costs 32 MiB and 100 ms: strangers must not buy more of them

// Ids are what topics, paths and people hold: short and plain.
Result<std::string> plain_id(std::string id) {
  bool good = !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
           c == '@';
  });
  if (!good) return fail(Errc::malformed, "'" + id + "': an id is 1 to 64 of a-z 0-9 - _ . @");
  return id;
}

bool sees_all_tokens(const Principal& who) {
  return who.user.role == registry::Role::admin && who.user.account.empty();
}

class LoginSlot {
 public:
  LoginSlot() : taken_(running_.fetch_add(1) < logins_at_once_max) {}
  ~LoginSlot() { running_.fetch_sub(1); }
  LoginSlot(const LoginSlot&) = delete;
  bool taken() const { return taken_; }

 private:
  static inline std::atomic<int> running_ = 0;
  bool taken_;
};

}  // namespace

Result<Response> login(Call& call) {
  TRY(auto name, call.text("user"));
  TRY(auto password, call.text("password"));
  // Before any work, and whether or not there is such a user.
  const std::string& peer = call.request.peer;
  if (Duration wait = call.logins.wait(name, peer, call.request.now); wait > Duration(0)) {
    auto seconds = std::chrono::ceil<std::chrono::seconds>(wait);
    auto held_up = error_response(
        429, "busy",
        "too many failed logins; try again in " + std::to_string(seconds.count()) + " s");
    held_up.come_again = seconds;
    return held_up;
  }
  LoginSlot slot;
  if (!slot.taken()) return fail(Errc::busy, "too many logins at once; try again in a second");
  TRY(auto user, call.read().find_user(UserId(name)));
  // The same work and the same words whichever part was wrong.
  static const std::string nobody =
      "scrypt15$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  bool good = verify_password(password,
                              user && !user->password_hash.empty() ? user->password_hash : nobody);
  if (!good || !user || user->disabled) {
    call.logins.failed(name, peer, call.request.now);
    return fail(Errc::untrusted, "user or password is wrong");
  }
  call.logins.succeeded(name, peer);
  NewToken token =
      make_token(user->id, {"*"}, "login", call.request.now, std::chrono::hours(12), call.s.random);
  json::object answer{{"token", token.secret}, {"expires", to_rfc3339(token.record.expires)}};
  Fields fields{{"who", name}, {"peer", peer}};
  TRY_VOID(call.commit({registry::PutToken{std::move(token.record)},
                        audited({name, "api " + peer}, call.request.now, user->account, name,
                                event::logged_in, fields)}));
  call.s.log.write(event::logged_in, fields);
  return ok_json(answer);
}

Result<Response> me(Call& call) {
  json::object out = to_json(call.who.user);
  out["scopes"] = json::array(call.who.scopes.begin(), call.who.scopes.end());
  return ok_json(out);
}

Result<Response> list_accounts(Call& call) {
  TRY(auto accounts, call.read().accounts());
  std::erase_if(accounts, [&](const auto& each) { return !call.who.sees(each.id); });
  return page_of(accounts, SIZE_MAX, [](const auto& each) { return each.id.str(); });
}

Result<Response> create_account(Call& call) {
  if (!call.who.user.account.empty())
    return fail(Errc::refused, "only a user of no account makes accounts");
  TRY(auto given, call.text("id"));
  TRY(auto id, plain_id(given));
  TRY(auto existing, call.read().find_account(AccountId(id)));
  if (existing) return fail(Errc::conflict, "account '" + id + "' is there already");
  TRY(auto name, call.text_or("name", id));
  registry::Account account{AccountId(id), std::move(name), call.request.now};
  TRY_VOID(call.commit(
      {registry::PutAccount{account}, call.deed(account.id, id, event::account_created,
                                                {{"account", id}, {"name", account.name}})}));
  return ok_json(to_json(account), 201);
}

Result<Response> list_users(Call& call) {
  TRY(auto users, call.read().users());
  std::erase_if(users, [&](const auto& each) { return !call.who.sees(each.account); });
  return page_of(users, SIZE_MAX, [](const auto& each) { return each.id.str(); });
}

Result<Response> create_user(Call& call) {
  TRY(auto given, call.text("id"));
  TRY(auto id, plain_id(given));
  TRY(auto role_name, call.text("role"));
  auto role = role_from(role_name);
  if (!role)
    return fail(Errc::malformed,
                "'role' is none of admin, factory, operator, engineer, installer, auditor");
  TRY(auto account_name, call.text_or("account", ""));
  AccountId account(std::move(account_name));
  // An account's admin makes users of that account, and none who sees them all.
  if (!call.who.sees(account))
    return fail(Errc::refused, "account '" + account.str() + "' is not yours");
  if (account.empty() && *role != registry::Role::admin && *role != registry::Role::factory)
    return fail(Errc::malformed, "'account' is missing: only admin and factory users have none");
  if (!account.empty()) {
    TRY(auto known, call.read().find_account(account));
    if (!known) return fail(Errc::not_found, "there is no account '" + account.str() + "'");
  }
  TRY(auto existing, call.read().find_user(UserId(id)));
  if (existing) return fail(Errc::conflict, "user '" + id + "' is there already");
  registry::User user{UserId(id), account, *role, {}, false, call.request.now};
  if (call.body.contains("password")) {
    TRY(auto password, call.text("password"));
    TRY(user.password_hash, hash_password(password, call.s.random));
  }
  TRY_VOID(call.commit(
      {registry::PutUser{user}, call.deed(account, id, event::user_created,
                                          {{"user", id}, {"role", std::move(role_name)}})}));
  return ok_json(to_json(user), 201);
}

namespace {
Result<registry::User> require_user(Call& call) {
  TRY(auto user, call.read().find_user(UserId(call.parameters[0])));
  if (!user || !call.who.sees(user->account))
    return fail(Errc::not_found, "there is no user '" + call.parameters[0] + "'");
  return std::move(*user);
}

// Also of the password, which nobody is shown.
Response user_response(const registry::User& user) {
  Response response = ok_json(to_json(user));
  response.etag = content_tag({to_string(user.role), user.disabled ? "disabled" : "enabled",
                               user.password_hash, user.account.str()});
  return response;
}
}  // namespace

Result<Response> show_user(Call& call) {
  TRY(auto user, require_user(call));
  return user_response(user);
}

Result<Response> change_user(Call& call) {
  TRY(const auto before, require_user(call));
  if (!call.matches(user_response(before).etag)) return changed_meanwhile("the user");
  registry::User user = before;
  std::string what;
  if (auto disabled = call.flag("disabled")) {
    user.disabled = *disabled;
    what += *disabled ? "disabled; " : "enabled; ";
  }
  if (call.body.contains("role")) {
    TRY(auto role_name, call.text("role"));
    auto role = role_from(role_name);
    if (!role)
      return fail(Errc::malformed,
                  "'role' is none of admin, factory, operator, engineer, installer, auditor");
    user.role = *role;
    what += "role " + role_name + "; ";
  }
  if (call.body.contains("password")) {
    TRY(auto password, call.text("password"));
    TRY(user.password_hash, hash_password(password, call.s.random));
    what += "new password; ";
  }
  what = what.empty() ? "nothing" : what.substr(0, what.size() - 2);
  auto stored = call.commit({registry::ReplaceUser{user, before},
                             call.deed(user.account, user.id.str(), event::user_changed,
                                       {{"user", user.id.str()}, {"what", what}})});
  if (!stored && stored.error().code == Errc::conflict) return changed_meanwhile("the user");
  TRY_VOID(std::move(stored));
  return user_response(user);
}

Result<Response> list_tokens(Call& call) {
  TRY(auto tokens, call.read().tokens());
  bool all = sees_all_tokens(call.who);
  std::erase_if(tokens, [&](const auto& each) { return !all && each.user != call.who.user.id; });
  return page_of(tokens, SIZE_MAX, [](const auto& each) { return each.id; });
}

Result<Response> create_token(Call& call) {
  std::vector<std::string> scopes = call.who.scopes;
  if (call.body.contains("scopes")) {
    TRY(scopes, call.texts("scopes"));
    // A token never gives more than the one it was made with.
    for (const std::string& each : scopes) TRY_VOID(authorize(call.who, each));
  }
  TRY(auto label, call.text_or("label", ""));
  std::int64_t days = 90;
  if (const json::value* given = call.body.if_contains("expires_days")) {
    if (!given->is_int64() || given->get_int64() < 1 || given->get_int64() > 3650)
      return fail(Errc::malformed, "'expires_days' is not from 1 to 3650");
    days = given->get_int64();
  }
  NewToken token = make_token(call.who.user.id, std::move(scopes), std::move(label),
                              call.request.now, std::chrono::days(days), call.s.random);
  json::object answer = to_json(token.record);
  answer["token"] = token.secret;
  std::string given;
  for (const std::string& each : token.record.scopes) given += (given.empty() ? "" : " ") + each;
  auto deed = call.deed(call.who.user.account, token.record.id, event::token_made,
                        {{"token", token.record.id},
                         {"label", token.record.label},
                         {"scopes", std::move(given)},
                         {"expires", to_rfc3339(token.record.expires)}});
  TRY_VOID(call.commit({registry::PutToken{std::move(token.record)}, std::move(deed)}));
  return ok_json(answer, 201);
}

Result<Response> remove_token(Call& call) {
  TRY(auto tokens, call.read().tokens());
  auto token = std::ranges::find(tokens, call.parameters[0], &registry::ApiToken::id);
  bool may =
      token != tokens.end() && (token->user == call.who.user.id || sees_all_tokens(call.who));
  if (!may) return fail(Errc::not_found, "there is no token '" + call.parameters[0] + "' of yours");
  TRY_VOID(call.commit({registry::RemoveToken{token->id},
                        call.deed(call.who.user.account, token->id, event::token_removed,
                                  {{"token", token->id}, {"user", token->user.str()}})}));
  return Response{204, {}, {}, {}, {}};
}

}  // namespace fairlead::server::api
