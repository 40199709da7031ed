// SPDX-License-Identifier: Apache-2.0
// Profiles and trusted keys.
#include "registry/sqlite/statements.h"

namespace fairlead::registry::sqlite {
Result<void> read(Statement& row, Profile& profile) {
  return row.read(profile.id, profile.priority, profile.revision, profile.document);
}

Result<void> read(Statement& row, TrustedKey& key) {
  return row.read(key.account, key.fingerprint, key.kind, key.name, key.spki, key.created);
}

Result<void> apply(Connection& connection, const PutProfile& put) {
  const Profile& profile = put.profile;
  TRY(const auto known,
      find_one<std::uint64_t>(connection, "SELECT revision FROM profiles WHERE id = ?", profile.id)
          .in("profile"));
  const std::uint64_t revision = known.value_or(0);
  if (put.expect_revision && *put.expect_revision != revision)
    return fail(Errc::conflict, "profile " + profile.id.str() + ": is at revision " +
                                    std::to_string(revision) + ", not " +
                                    std::to_string(*put.expect_revision));
  return change(connection,
                "INSERT INTO profiles(id, priority, revision, document) VALUES(?, ?, ?, ?)"
                " ON CONFLICT(id) DO UPDATE SET priority = excluded.priority,"
                " revision = excluded.revision, document = excluded.document",
                profile.id, profile.priority, revision + 1, profile.document)
      .in("profile");
}

Result<void> apply(Connection& connection, const RemoveProfile& remove) {
  TRY_VOID(apply(connection, RemoveWifiNetwork{remove.id}));
  if (remove.expect_revision)
    return change_one(connection, "is unknown, or was changed by someone else meanwhile",
                      "DELETE FROM profiles WHERE id = ? AND revision = ?", remove.id,
                      *remove.expect_revision)
        .in("profile " + remove.id.str());
  return change(connection, "DELETE FROM profiles WHERE id = ?", remove.id).in("profile");
}

Result<void> apply(Connection& connection, const PutTrustedKey& put) {
  const TrustedKey& key = put.key;
  return change(connection,
                "INSERT INTO trusted_keys(account, fingerprint, kind, name, spki, created)"
                " VALUES(?, ?, ?, ?, ?, ?)"
                " ON CONFLICT(account, fingerprint) DO UPDATE SET kind = excluded.kind,"
                " name = excluded.name, spki = excluded.spki, created = excluded.created",
                key.account, key.fingerprint, key.kind, key.name, key.spki, key.created)
      .in("trusted key");
}

Result<void> apply(Connection& connection, const RemoveTrustedKey& remove) {
  return change(connection, "DELETE FROM trusted_keys WHERE account = ? AND fingerprint = ?",
                remove.account, remove.fingerprint)
      .in("trusted key");
}

Result<std::optional<Profile>> find_profile(Connection& connection, const ProfileId& id) {
  return find_one<Profile>(
      connection, "SELECT id, priority, revision, document FROM profiles WHERE id = ?", id);
}

Result<std::vector<Profile>> profiles(Connection& connection) {
  return find_all<Profile>(
      connection,
      "SELECT id, priority, revision, document FROM profiles ORDER BY priority DESC, id");
}

Result<std::optional<TrustedKey>> find_trusted_key(Connection& connection, const AccountId& account,
                                                   View fingerprint) {
  return find_one<TrustedKey>(
      connection,
      "SELECT account, fingerprint, kind, name, spki, created FROM trusted_keys"
      " WHERE account = ? AND fingerprint = ?",
      account, fingerprint);
}

Result<std::vector<TrustedKey>> trusted_keys(Connection& connection) {
  return find_all<TrustedKey>(
      connection,
      "SELECT account, fingerprint, kind, name, spki, created FROM trusted_keys"
      " ORDER BY account, fingerprint");
}

}  // namespace fairlead::registry::sqlite
