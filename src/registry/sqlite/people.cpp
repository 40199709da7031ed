// SPDX-License-Identifier: Apache-2.0
// Accounts, users, API tokens, settings.
#include "registry/sqlite/statements.h"

namespace fairlead::registry::sqlite {
Result<void> read(Statement& row, Account& account) {
  return row.read(account.id, account.name, account.created);
}

Result<void> read(Statement& row, User& user) {
  return row.read(user.id, user.account, user.role, user.password_hash, user.disabled,
                  user.created);
}

Result<void> read(Statement& row, ApiToken& token) {
  return row.read(token.id, token.user, token.sha256, token.scopes, token.label, token.created,
                  token.expires);
}

Result<void> apply(Connection& connection, const PutAccount& put) {
  const Account& account = put.account;
  return change(connection,
                "INSERT INTO accounts(id, name, created) VALUES(?, ?, ?)"
                " ON CONFLICT(id) DO UPDATE SET name = excluded.name, created = excluded.created",
                account.id, account.name, account.created)
      .in("account");
}

Result<void> apply(Connection& connection, const PutUser& put) {
  const User& user = put.user;
  return change(connection,
                "INSERT INTO users(id, account, role, password_hash, disabled, created)"
                " VALUES(?, ?, ?, ?, ?, ?)"
                " ON CONFLICT(id) DO UPDATE SET account = excluded.account, role = excluded.role,"
                " password_hash = excluded.password_hash, disabled = excluded.disabled,"
                " created = excluded.created",
                user.id, user.account, user.role, user.password_hash, user.disabled, user.created)
      .in("user");
}

Result<void> apply(Connection& connection, const ReplaceUser& replace) {
  const User &user = replace.user, &expect = replace.expect;
  return change_one(connection, "is unknown, or was changed by someone else meanwhile",
                    "UPDATE users SET account = ?, role = ?, password_hash = ?, disabled = ?,"
                    " created = ? WHERE id = ? AND account = ? AND role = ? AND password_hash = ?"
                    " AND disabled = ? AND created = ?",
                    user.account, user.role, user.password_hash, user.disabled, user.created,
                    expect.id, expect.account, expect.role, expect.password_hash, expect.disabled,
                    expect.created)
      .in("user " + user.id.str());
}

Result<void> apply(Connection& connection, const PutToken& put) {
  const ApiToken& token = put.token;
  return change(connection,
                "INSERT INTO tokens(id, user, sha256, scopes, label, created, expires)"
                " VALUES(?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT(id) DO UPDATE SET user = excluded.user, sha256 = excluded.sha256,"
                " scopes = excluded.scopes, label = excluded.label, created = excluded.created,"
                " expires = excluded.expires",
                token.id, token.user, token.sha256, token.scopes, token.label, token.created,
                token.expires)
      .in("API token");
}

Result<void> apply(Connection& connection, const RemoveToken& remove) {
  return change(connection, "DELETE FROM tokens WHERE id = ?", remove.id).in("API token");
}

Result<void> apply(Connection& connection, const PutSetting& put) {
  return change(connection,
                "INSERT INTO settings(name, value) VALUES(?, ?)"
                " ON CONFLICT(name) DO UPDATE SET value = excluded.value",
                put.name, put.value)
      .in("setting");
}

Result<void> apply(Connection& connection, const ReplaceSetting& replace) {
  return change_one(connection, "is unknown, or was changed by someone else meanwhile",
                    "UPDATE settings SET value = ? WHERE name = ? AND value = ?", replace.value,
                    replace.name, replace.expect)
      .in("setting " + replace.name);
}

Result<void> apply(Connection& connection, const InsertSetting& insert) {
  return change(connection, "INSERT INTO settings(name, value) VALUES(?, ?)", insert.name,
                insert.value)
      .in("setting " + insert.name);
}

Result<std::optional<Account>> find_account(Connection& connection, const AccountId& id) {
  return find_one<Account>(connection, "SELECT id, name, created FROM accounts WHERE id = ?", id);
}

Result<std::vector<Account>> accounts(Connection& connection) {
  return find_all<Account>(connection, "SELECT id, name, created FROM accounts ORDER BY id");
}

Result<std::optional<User>> find_user(Connection& connection, const UserId& id) {
  return find_one<User>(
      connection,
      "SELECT id, account, role, password_hash, disabled, created FROM users WHERE id = ?", id);
}

Result<std::vector<User>> users(Connection& connection) {
  return find_all<User>(
      connection,
      "SELECT id, account, role, password_hash, disabled, created FROM users ORDER BY id");
}

Result<std::optional<ApiToken>> find_token_by_hash(Connection& connection, View sha256) {
  return find_one<ApiToken>(
      connection,
      "SELECT id, user, sha256, scopes, label, created, expires FROM tokens WHERE sha256 = ?",
      sha256);
}

Result<std::vector<ApiToken>> tokens(Connection& connection) {
  return find_all<ApiToken>(
      connection,
      "SELECT id, user, sha256, scopes, label, created, expires FROM tokens ORDER BY id");
}

Result<std::optional<Bytes>> find_setting(Connection& connection, std::string_view name) {
  return find_one<Bytes>(connection, "SELECT value FROM settings WHERE name = ?", name);
}

}  // namespace fairlead::registry::sqlite
