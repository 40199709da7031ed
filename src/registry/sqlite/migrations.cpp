// SPDX-License-Identifier: Apache-2.0
#include "registry/sqlite/migrations.h"

#include <iterator>

namespace fairlead::registry::sqlite {
namespace {

struct Migration {
  int number;
  const char* sql;
};

// Never changed once released: a change of the schema is a further row. Times are milliseconds
// since 1970, states the numbers of records.h, lists JSON. Records refer to each other without
// foreign keys: the port promises none (an event may be told of a device that is not known yet).
//
// Devices: every filter has an index that ends in the id, so that a page is read in order without
// sorting; each searched text has one of its own, in lower case.
constexpr Migration migrations[] = {
    {1, R"sql(
CREATE TABLE accounts(id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE users(id TEXT NOT NULL PRIMARY KEY, account TEXT NOT NULL, role INTEGER NOT NULL,
  password_hash TEXT NOT NULL, disabled INTEGER NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE tokens(id TEXT NOT NULL PRIMARY KEY, user TEXT NOT NULL, sha256 BLOB NOT NULL UNIQUE,
  scopes TEXT NOT NULL, label TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE profiles(id TEXT NOT NULL PRIMARY KEY, priority INTEGER NOT NULL, revision INTEGER NOT NULL,
  document TEXT NOT NULL);

CREATE TABLE trusted_keys(fingerprint BLOB NOT NULL PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL,
  spki BLOB NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE vouchers(guid BLOB NOT NULL PRIMARY KEY, account TEXT NOT NULL, state INTEGER NOT NULL,
  serial TEXT NOT NULL, device_info TEXT NOT NULL, device TEXT NOT NULL, replaces BLOB NOT NULL,
  created INTEGER NOT NULL, changed INTEGER NOT NULL, encoded BLOB NOT NULL);
CREATE INDEX vouchers_account_state ON vouchers(account, state, guid);
CREATE INDEX vouchers_account ON vouchers(account, guid);
CREATE INDEX vouchers_state ON vouchers(state, guid);
CREATE INDEX vouchers_serial ON vouchers(serial, guid);
CREATE INDEX vouchers_device ON vouchers(device, guid);

CREATE TABLE devices(id TEXT NOT NULL PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL,
  serial TEXT NOT NULL, model TEXT NOT NULL, product_uri TEXT NOT NULL, device_info TEXT NOT NULL,
  device_groups TEXT NOT NULL, guid BLOB NOT NULL, profile TEXT NOT NULL, state INTEGER NOT NULL,
  state_reason TEXT NOT NULL, created INTEGER NOT NULL, changed INTEGER NOT NULL, last_seen INTEGER NOT NULL,
  revision INTEGER NOT NULL);
CREATE INDEX devices_account_state ON devices(account, state, id);
CREATE INDEX devices_account ON devices(account, id);
CREATE INDEX devices_state ON devices(state, id);
CREATE INDEX devices_profile ON devices(profile, id);
CREATE INDEX devices_guid ON devices(guid, id, account);
CREATE INDEX devices_name ON devices(lower(name), id, account);
CREATE INDEX devices_serial ON devices(lower(serial), id, account);
CREATE INDEX devices_device_info ON devices(lower(device_info), id, account);

CREATE TABLE device_keys(device TEXT NOT NULL, fingerprint BLOB NOT NULL, state INTEGER NOT NULL,
  evidence TEXT NOT NULL, created INTEGER NOT NULL, changed INTEGER NOT NULL,
  PRIMARY KEY(device, fingerprint)) WITHOUT ROWID;

CREATE TABLE certificates(serial BLOB NOT NULL PRIMARY KEY, device TEXT NOT NULL, account TEXT NOT NULL,
  key_fingerprint BLOB NOT NULL, fingerprint BLOB NOT NULL, state INTEGER NOT NULL, not_before INTEGER NOT NULL,
  not_after INTEGER NOT NULL, changed INTEGER NOT NULL, topic_prefix TEXT NOT NULL, der BLOB NOT NULL);
CREATE INDEX certificates_device ON certificates(device, not_before);
CREATE INDEX certificates_state ON certificates(state, serial);

CREATE TABLE registrations(guid BLOB NOT NULL PRIMARY KEY, to1d BLOB NOT NULL, device_key BLOB NOT NULL,
  voucher_chain BLOB NOT NULL, expires INTEGER NOT NULL, changed INTEGER NOT NULL);
CREATE INDEX registrations_expires ON registrations(expires);

CREATE TABLE to0_jobs(guid BLOB NOT NULL, rendezvous TEXT NOT NULL, due INTEGER NOT NULL,
  failures INTEGER NOT NULL, last_error TEXT NOT NULL, registered_until INTEGER NOT NULL,
  PRIMARY KEY(guid, rendezvous)) WITHOUT ROWID;
CREATE INDEX to0_jobs_due ON to0_jobs(due);

CREATE TABLE sessions(id TEXT NOT NULL PRIMARY KEY, state BLOB NOT NULL, expires INTEGER NOT NULL);
CREATE INDEX sessions_expires ON sessions(expires);

CREATE TABLE events(sequence INTEGER PRIMARY KEY, device TEXT NOT NULL, at INTEGER NOT NULL, id TEXT NOT NULL,
  fields TEXT NOT NULL);
CREATE INDEX events_device ON events(device, sequence);

CREATE TABLE settings(name TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
)sql"},
    // Trusted keys by account. Those of before counted everywhere, and go on doing so.
    {2, R"sql(
CREATE TABLE keys_by_account(account TEXT NOT NULL, fingerprint BLOB NOT NULL, kind INTEGER NOT NULL,
  name TEXT NOT NULL, spki BLOB NOT NULL, created INTEGER NOT NULL, PRIMARY KEY(account, fingerprint)) WITHOUT ROWID;
INSERT INTO keys_by_account SELECT '', fingerprint, kind, name, spki, created FROM trusted_keys WHERE kind IN (1, 2);
DROP TABLE trusted_keys;
ALTER TABLE keys_by_account RENAME TO trusted_keys;
)sql"},
    {3, "CREATE INDEX registrations_device_key ON registrations(device_key);"},
    // Files that devices leave. Until here they were settings that nothing could read, without the
    // hash: not taken over.
    {4, R"sql(
CREATE TABLE upload_parts(device TEXT NOT NULL, offset INTEGER NOT NULL, content BLOB NOT NULL,
  PRIMARY KEY(device, offset));
CREATE TABLE uploads(device TEXT NOT NULL, name TEXT NOT NULL, sha384 BLOB NOT NULL, at INTEGER NOT NULL,
  content BLOB NOT NULL, PRIMARY KEY(device, name));
DELETE FROM settings WHERE name GLOB 'upload/*' OR name GLOB 'partial-upload/*';
)sql"},
    {5, R"sql(
CREATE TABLE one_time_passwords(device TEXT NOT NULL PRIMARY KEY, sha256 BLOB NOT NULL,
  key_fingerprint BLOB NOT NULL, failures INTEGER NOT NULL, created INTEGER NOT NULL,
  expires INTEGER NOT NULL) WITHOUT ROWID;
)sql"},
    {6, R"sql(
CREATE TABLE bootstrap_keys(device TEXT NOT NULL PRIMARY KEY, hash BLOB NOT NULL UNIQUE,
  chirp_hash BLOB NOT NULL UNIQUE, uri TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE wifi_networks(profile TEXT NOT NULL PRIMARY KEY, sealed BLOB NOT NULL,
  changed INTEGER NOT NULL) WITHOUT ROWID;
)sql"},
    // The chain finds out who changes a row; the triggers stop who does it by mistake.
    {7, R"sql(
CREATE TABLE audit(sequence INTEGER PRIMARY KEY, account TEXT NOT NULL, entry TEXT NOT NULL, link BLOB NOT NULL);
CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_holds BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
)sql"},
    // Certificates by their last change, for other servers to follow; by account, to be counted;
    // registrations that fail, to be found among all.
    {8, R"sql(
ALTER TABLE certificates ADD COLUMN change INTEGER NOT NULL DEFAULT 0;
CREATE INDEX certificates_change ON certificates(change);
CREATE INDEX certificates_account_state ON certificates(account, state);
CREATE INDEX to0_jobs_failing ON to0_jobs(guid, rendezvous) WHERE failures > 0;
)sql"},
    // An onboarding takes a voucher through three states, and three indexes led by the state were
    // rewritten each time, on pages of their own. Now the state stands last in the account's index,
    // where a change stays on its page; it leads for those only that few vouchers are in at a time.
    // Not IN (1, 3, 5): SQLite would make a table of these three for each row that is written.
    {9, R"sql(
DROP INDEX vouchers_account_state;
DROP INDEX vouchers_account;
DROP INDEX vouchers_state;
CREATE INDEX vouchers_account ON vouchers(account, guid, state);
CREATE INDEX vouchers_state ON vouchers(state, guid) WHERE state = 1 OR state = 3 OR state = 5;
)sql"},
    // What a device does again and again is counted.
    {10, R"sql(
ALTER TABLE events ADD COLUMN times INTEGER NOT NULL DEFAULT 1;
ALTER TABLE events ADD COLUMN last INTEGER NOT NULL DEFAULT 0;
)sql"},
    {11, R"sql(
ALTER TABLE device_keys ADD COLUMN tpm BLOB NOT NULL DEFAULT x'';
)sql"},
    {12, R"sql(
CREATE INDEX device_keys_fingerprint ON device_keys(fingerprint);
)sql"},
};

// A new, empty file gets version 0.
Result<std::int64_t> version_or_new(Connection& connection) {
  constexpr auto tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table'";
  TRY(const auto ours,
      find_one<std::int64_t>(connection,
                             "SELECT count(*) FROM sqlite_schema WHERE name = 'fairlead_schema'"));
  if (ours.value_or(0) == 0) {
    TRY(const auto foreign, find_one<std::int64_t>(connection, tables));
    if (foreign.value_or(0) != 0)
      return fail(Errc::unsupported, "the file is a database of another program");
    TRY_VOID(
        connection.run_script("CREATE TABLE fairlead_schema(version INTEGER NOT NULL);"
                              "INSERT INTO fairlead_schema VALUES(0);"));
    return 0;
  }
  TRY(const auto version,
      find_one<std::int64_t>(connection, "SELECT version FROM fairlead_schema"));
  if (!version) return fail(Errc::internal, "registry file is damaged: it has no schema version");
  return *version;
}

Result<void> migrate_within(Connection& connection) {
  TRY(const std::int64_t version, version_or_new(connection));
  if (version > schema_version_newest())
    return fail(Errc::unsupported, "registry was written by a newer Fairlead (schema " +
                                       std::to_string(version) + "; this program knows up to " +
                                       std::to_string(schema_version_newest()) + ")");
  if (version == schema_version_newest()) return ok();
  for (const Migration& migration : migrations)
    if (migration.number > version)
      TRY_VOID(
          connection.run_script(migration.sql).in("migration " + std::to_string(migration.number)));
  return change(connection, "UPDATE fairlead_schema SET version = ?",
                std::int64_t{schema_version_newest()});
}

}  // namespace

int schema_version_newest() { return std::rbegin(migrations)->number; }

Result<void> migrate(Connection& connection) {
  TRY_VOID(connection.run_script("BEGIN IMMEDIATE"));
  auto outcome = migrate_within(connection);
  if (outcome) outcome = connection.run_script("COMMIT");
  if (!outcome) connection.roll_back();
  return outcome;
}

}  // namespace fairlead::registry::sqlite
