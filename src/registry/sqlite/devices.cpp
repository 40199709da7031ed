// SPDX-License-Identifier: Apache-2.0
#include "registry/sqlite/statements.h"

namespace fairlead::registry::sqlite {

const std::string device_columns =
    "id, account, name, serial, model, product_uri, device_info, device_groups, guid, profile,"
    " state, state_reason, created, changed, last_seen, revision";

Result<void> read(Statement& row, Device& d) {
  return row.read(d.id, d.account, d.name, d.serial, d.model, d.product_uri, d.device_info,
                  d.groups, d.guid, d.profile, d.state, d.state_reason, d.created, d.changed,
                  d.last_seen, d.revision);
}

Result<void> apply(Connection& connection, const InsertDevice& insert) {
  static const std::string sql = "INSERT INTO devices(" + device_columns +
                                 ") VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)";
  const Device& d = insert.device;
  return change(connection, sql, d.id, d.account, d.name, d.serial, d.model, d.product_uri,
                d.device_info, d.groups, d.guid, d.profile, d.state, d.state_reason, d.created,
                d.changed, d.last_seen)
      .in("device " + d.id.str());
}

namespace {

// SQLite rewrites every index whose columns are named in SET, equal or not, so of the columns with
// an index only those are named that change. What is not mentioned is bound all the same.
std::string update_of(const Device& now, const Device& before) {
  std::string sql =
      "UPDATE devices SET model = ?1, product_uri = ?2, device_groups = ?3, state_reason = ?4,"
      " created = ?5, changed = ?6, last_seen = ?7, revision = revision + 1";
  if (now.account != before.account) sql += ", account = ?8";
  if (now.name != before.name) sql += ", name = ?9";
  if (now.serial != before.serial) sql += ", serial = ?10";
  if (now.device_info != before.device_info) sql += ", device_info = ?11";
  if (now.guid != before.guid) sql += ", guid = ?12";
  if (now.profile != before.profile) sql += ", profile = ?13";
  if (now.state != before.state) sql += ", state = ?14";
  return sql + " WHERE id = ?15";
}

}  // namespace

Result<void> apply(Connection& connection, const UpdateDevice& update) {
  const Device& d = update.device;
  const std::string where = "device " + d.id.str();
  TRY(const auto before, find_device(connection, d.id).in(where));
  if (!before || before->revision != update.expect_revision)
    return fail(Errc::conflict, where + ": is unknown, or was changed by someone else meanwhile");
  return change(connection, update_of(d, *before), d.model, d.product_uri, d.groups, d.state_reason,
                d.created, d.changed, d.last_seen, d.account, d.name, d.serial, d.device_info,
                d.guid, d.profile, d.state, d.id)
      .in(where);
}

Result<std::optional<Device>> find_device(Connection& connection, const DeviceId& id) {
  static const std::string sql = "SELECT " + device_columns + " FROM devices WHERE id = ?";
  return find_one<Device>(connection, sql, id);
}

Result<std::optional<Device>> find_device_by_guid(Connection& connection, View guid) {
  if (guid.empty()) return std::nullopt;  // devices without FDO have none: it names nobody
  static const std::string present =
      "SELECT " + device_columns + " FROM devices WHERE guid = ? ORDER BY id LIMIT 1";
  TRY(auto device, find_one<Device>(connection, present, guid));
  if (device) return device;
  static const std::string other =
      "SELECT " + device_columns +
      " FROM devices WHERE id = (SELECT device FROM vouchers WHERE guid = ? AND device <> '')";
  return find_one<Device>(connection, other, guid);
}

Result<Registry::Counts> counts(Connection& connection) {
  Statement row(connection,
                "SELECT (SELECT count(*) FROM devices), (SELECT count(*) FROM vouchers"
                " WHERE state <> ?),"
                " (SELECT count(*) FROM certificates WHERE state = ?),"
                " (SELECT count(*) FROM registrations), (SELECT count(*) FROM sessions),"
                " (SELECT count(*) FROM devices WHERE state = ?)",
                VoucherState::replaced, CertificateState::active, DeviceState::online);
  TRY_VOID(row.next());
  Registry::Counts counts;
  TRY_VOID(row.read(counts.devices, counts.vouchers, counts.certificates_active,
                    counts.registrations, counts.sessions, counts.devices_online));
  return counts;
}

Result<Registry::Counts> counts_of(Connection& connection, const AccountId& account) {
  Statement row(connection,
                "SELECT (SELECT count(*) FROM devices WHERE account = ?1),"
                " (SELECT count(*) FROM vouchers WHERE account = ?1 AND state <> ?2),"
                " (SELECT count(*) FROM certificates WHERE account = ?1 AND state = ?3),"
                " (SELECT count(*) FROM devices WHERE account = ?1 AND state = ?4)",
                account, VoucherState::replaced, CertificateState::active, DeviceState::online);
  TRY_VOID(row.next());
  Registry::Counts counts;
  TRY_VOID(
      row.read(counts.devices, counts.vouchers, counts.certificates_active, counts.devices_online));
  return counts;
}

}  // namespace fairlead::registry::sqlite
