// SPDX-License-Identifier: Apache-2.0
#include "registry/sqlite/statements.h"

namespace fairlead::registry::sqlite {
const std::string columns =
    "guid, account, state, serial, device_info, device, replaces, created, changed, encoded";

Result<void> read(Statement& row, Voucher& v) {
  return row.read(v.guid, v.account, v.state, v.serial, v.device_info, v.device, v.replaces,
                  v.created, v.changed, v.encoded);
}

Result<void> apply(Connection& connection, const InsertVoucher& insert) {
  static const std::string sql =
      "INSERT INTO vouchers(" + columns + ") VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  const Voucher& v = insert.voucher;
  return change(connection, sql, v.guid, v.account, v.state, v.serial, v.device_info, v.device,
                v.replaces, v.created, v.changed, v.encoded)
      .in("voucher " + to_hex(v.guid));
}

// At the end of an onboarding two vouchers change their state and nothing else. SQLite rewrites
// every index whose columns are named in SET, equal or not: the first statement spares three of
// five.
Result<void> apply(Connection& connection, const ReplaceVoucher& replace) {
  const Voucher& v = replace.voucher;
  const std::string where = "voucher " + to_hex(v.guid);
  TRY_VOID(
      change(connection,
             "UPDATE vouchers SET state = ?, replaces = ?, created = ?, changed = ?, encoded = ?"
             " WHERE guid = ? AND state = ? AND account = ? AND serial = ? AND device_info = ?"
             " AND device = ?",
             v.state, v.replaces, v.created, v.changed, v.encoded, v.guid, replace.expect,
             v.account, v.serial, v.device_info, v.device)
          .in(where));
  if (connection.changed_rows() == 1) return ok();
  return change_one(connection, "is unknown, or not in the expected state any more",
                    "UPDATE vouchers SET account = ?, state = ?, serial = ?, device_info = ?,"
                    " device = ?, replaces = ?, created = ?, changed = ?, encoded = ?"
                    " WHERE guid = ? AND state = ?",
                    v.account, v.state, v.serial, v.device_info, v.device, v.replaces, v.created,
                    v.changed, v.encoded, v.guid, replace.expect)
      .in(where);
}

Result<void> apply(Connection& connection, const RemoveVoucher& remove) {
  return change(connection, "DELETE FROM vouchers WHERE guid = ?", remove.guid).in("voucher");
}

Result<std::optional<Voucher>> find_voucher(Connection& connection, View guid) {
  static const std::string sql = "SELECT " + columns + " FROM vouchers WHERE guid = ?";
  return find_one<Voucher>(connection, sql, guid);
}

Result<std::vector<Voucher>> vouchers(Connection& connection, const VoucherFilter& filter,
                                      const Page& page) {
  TRY(const Bytes after, after_key(page));
  // Numbered parameters, because each filter may be absent; an absent one is bound, and not
  // mentioned.
  std::string sql = "SELECT " + columns + " FROM vouchers WHERE guid > ?1 AND ?2 > 0";
  sql += filter.account ? " AND account = ?3" : " AND ?3 = ''";
  sql += filter.state ? " AND state = ?4" : " AND ?4 = 0";
  sql += filter.serial.empty() ? " AND ?5 = ''" : " AND serial = ?5";
  sql += filter.device ? " AND device = ?6" : " AND ?6 = ''";
  sql += " ORDER BY guid LIMIT ?2";
  return find_all<Voucher>(connection, sql, after, rows_of(page.limit),
                           filter.account.value_or(AccountId()),
                           filter.state ? static_cast<std::int64_t>(*filter.state) : 0,
                           filter.serial, filter.device.value_or(DeviceId()));
}

Result<Bytes> after_key(const Page& page) {
  auto key = from_hex(page.after);
  if (!key) return fail(Errc::malformed, "page: \"after\" is not hexadecimal");
  return std::move(*key);
}

}  // namespace fairlead::registry::sqlite
