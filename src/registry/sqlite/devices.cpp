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

// Which columns with an index of their own change beside the state.
enum class Changes { none, guid };

// SQLite rewrites every index whose columns are named in SET, equal or not. An onboarding changes a
// device's state several times, its GUID once, and its texts hardly ever: this spares the four
// indexes for searching. False: something else changes too, or the revision is another.
Result<bool> update_state(Connection& connection, const UpdateDevice& update, Changes changes) {
  static const std::string head =
      "UPDATE devices SET model = ?1, product_uri = ?2, device_groups = ?3, profile = ?4,"
      " state = ?5, state_reason = ?6, created = ?7, changed = ?8, last_seen = ?9,"
      " revision = revision + 1";
  static const std::string tail =
      " WHERE id = ?10 AND revision = ?11 AND account = ?12 AND name = ?13 AND serial = ?14"
      " AND device_info = ?15";
  static const std::string no_more = head + tail + " AND guid = ?16",
                           and_guid = head + ", guid = ?16" + tail;
  const Device& d = update.device;
  TRY_VOID(change(connection, changes == Changes::none ? no_more : and_guid, d.model, d.product_uri,
                  d.groups, d.profile, d.state, d.state_reason, d.created, d.changed, d.last_seen,
                  d.id, update.expect_revision, d.account, d.name, d.serial, d.device_info,
                  d.guid));
  return connection.changed_rows() == 1;
}

}  // namespace

Result<void> apply(Connection& connection, const UpdateDevice& update) {
  const Device& d = update.device;
  const std::string where = "device " + d.id.str();
  for (Changes changes : {Changes::none, Changes::guid}) {
    TRY(bool done, update_state(connection, update, changes).in(where));
    if (done) return ok();
  }
  return change_one(connection, "is unknown, or was changed by someone else meanwhile",
                    "UPDATE devices SET account = ?, name = ?, serial = ?, model = ?,"
                    " product_uri = ?, device_info = ?, device_groups = ?, guid = ?, profile = ?,"
                    " state = ?, state_reason = ?, created = ?, changed = ?, last_seen = ?,"
                    " revision = revision + 1"
                    " WHERE id = ? AND revision = ?",
                    d.account, d.name, d.serial, d.model, d.product_uri, d.device_info, d.groups,
                    d.guid, d.profile, d.state, d.state_reason, d.created, d.changed, d.last_seen,
                    d.id, update.expect_revision)
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

}  // namespace fairlead::registry::sqlite
