// SPDX-License-Identifier: Apache-2.0
// Keys and certificates of devices.
#include "registry/sqlite/statements.h"

namespace fairlead::registry::sqlite {
const std::string columns =
    "serial, device, account, key_fingerprint, fingerprint, state, not_before, not_after, changed,"
    " topic_prefix, der";

// SQLite has one writer at a time, so the numbers are committed in their order.
const std::string next_change = " (SELECT coalesce(max(change), 0) + 1 FROM certificates)";

Result<void> read(Statement& row, DeviceKey& key) {
  return row.read(key.device, key.fingerprint, key.state, key.evidence, key.created, key.changed,
                  key.tpm);
}

Result<void> read(Statement& row, Certificate& c) {
  return row.read(c.serial, c.device, c.account, c.key_fingerprint, c.fingerprint, c.state,
                  c.not_before, c.not_after, c.changed, c.topic_prefix, c.der);
}

Result<void> apply(Connection& connection, const PutKey& put) {
  const DeviceKey& key = put.key;
  return change(
             connection,
             "INSERT INTO device_keys(device, fingerprint, state, evidence, created, changed, tpm)"
             " VALUES(?, ?, ?, ?, ?, ?, ?)"
             " ON CONFLICT(device, fingerprint) DO UPDATE SET state = excluded.state,"
             " evidence = excluded.evidence, created = excluded.created,"
             " changed = excluded.changed, tpm = excluded.tpm",
             key.device, key.fingerprint, key.state, key.evidence, key.created, key.changed,
             key.tpm)
      .in("key of device " + key.device.str());
}

Result<void> apply(Connection& connection, const RemoveKey& remove) {
  return change(connection, "DELETE FROM device_keys WHERE device = ? AND fingerprint = ?",
                remove.device, remove.fingerprint)
      .in("key of device " + remove.device.str());
}

Result<void> apply(Connection& connection, const InsertCertificate& insert) {
  static const std::string sql = "INSERT INTO certificates(" + columns +
                                 ", change) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?," + next_change +
                                 ")";
  const Certificate& c = insert.certificate;
  return change(connection, sql, c.serial, c.device, c.account, c.key_fingerprint, c.fingerprint,
                c.state, c.not_before, c.not_after, c.changed, c.topic_prefix, c.der)
      .in("certificate " + to_hex(c.serial));
}

Result<void> apply(Connection& connection, const SetCertificateState& set) {
  static const std::string sql =
      "UPDATE certificates SET state = ?, changed = ?, change =" + next_change +
      " WHERE serial = ?";
  return change_one(connection, "is unknown", sql, set.state, set.at, set.serial)
      .in("certificate " + to_hex(set.serial));
}

Result<std::vector<DeviceKey>> keys_of(Connection& connection, const DeviceId& device) {
  return find_all<DeviceKey>(connection,
                             "SELECT device, fingerprint, state, evidence, created, changed, tpm"
                             " FROM device_keys WHERE device = ? ORDER BY fingerprint",
                             device);
}

Result<std::vector<DeviceId>> holders_of(Connection& connection, View key_fingerprint) {
  return find_all<DeviceId>(connection,
                            "SELECT device FROM device_keys WHERE fingerprint = ? ORDER BY device",
                            key_fingerprint);
}

Result<std::optional<Certificate>> find_certificate(Connection& connection, View serial) {
  static const std::string sql = "SELECT " + columns + " FROM certificates WHERE serial = ?";
  return find_one<Certificate>(connection, sql, serial);
}

Result<std::vector<Certificate>> certificates_of(Connection& connection, const DeviceId& device) {
  static const std::string sql =
      "SELECT " + columns +
      " FROM certificates WHERE device = ? ORDER BY not_before DESC, rowid DESC";
  return find_all<Certificate>(connection, sql, device);
}

Result<std::vector<Certificate>> certificates_in(Connection& connection, CertificateState state,
                                                 const Page& page) {
  static const std::string sql = "SELECT " + columns +
                                 " FROM certificates WHERE state = ? AND serial > ?"
                                 " ORDER BY serial LIMIT ?";
  TRY(const Bytes after, after_key(page));
  return find_all<Certificate>(connection, sql, state, after, rows_of(page.limit));
}

namespace {
struct Numbered {
  Certificate certificate;
  std::uint64_t change = 0;
};
}  // namespace

Result<void> read(Statement& row, Numbered& n) {
  Certificate& c = n.certificate;
  return row.read(c.serial, c.device, c.account, c.key_fingerprint, c.fingerprint, c.state,
                  c.not_before, c.not_after, c.changed, c.topic_prefix, c.der, n.change);
}

Result<Registry::CertificateChanges> certificates_changed(Connection& connection,
                                                          std::uint64_t after, std::size_t limit) {
  static const std::string sql = "SELECT " + columns +
                                 ", change FROM certificates WHERE change > ?"
                                 " ORDER BY change LIMIT ?";
  TRY(auto numbered, find_all<Numbered>(connection, sql, after, rows_of(limit)));
  Registry::CertificateChanges out{{}, numbered.empty() ? after : numbered.back().change};
  for (Numbered& each : numbered) out.certificates.push_back(std::move(each.certificate));
  return out;
}

Result<std::uint64_t> last_certificate_change(Connection& connection) {
  TRY(auto last,
      find_one<std::uint64_t>(connection, "SELECT coalesce(max(change), 0) FROM certificates"));
  return last.value_or(0);
}

}  // namespace fairlead::registry::sqlite
