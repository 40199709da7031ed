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

namespace {

constexpr std::string_view not_as_expected = "is unknown, or not in the expected state any more";

// As a set of bits: how many states are expected is no part of the statement.
std::int64_t set_of(const std::vector<VoucherState>& states) {
  std::int64_t bits = 0;
  for (VoucherState state : states) bits |= std::int64_t{1} << static_cast<int>(state);
  return bits;
}

}  // namespace

Result<void> apply(Connection& connection, const ReplaceVoucher& replace) {
  const Voucher& v = replace.voucher;
  return change_one(connection, not_as_expected,
                    "UPDATE vouchers SET account = ?, state = ?, serial = ?, device_info = ?,"
                    " device = ?, replaces = ?, created = ?, changed = ?, encoded = ?"
                    " WHERE guid = ? AND state = ?",
                    v.account, v.state, v.serial, v.device_info, v.device, v.replaces, v.created,
                    v.changed, v.encoded, v.guid, replace.expect)
      .in("voucher " + to_hex(v.guid));
}

Result<void> apply(Connection& connection, const SetVoucherState& set) {
  return change_one(connection, not_as_expected,
                    "UPDATE vouchers SET state = ?, changed = ?"
                    " WHERE guid = ? AND (1 << state) & ? <> 0",
                    set.state, set.at, set.guid, set_of(set.expect))
      .in("voucher " + to_hex(set.guid));
}

Result<void> apply(Connection& connection, const RequireVoucher& require) {
  TRY(const auto state, find_one<std::int64_t>(
                            connection, "SELECT state FROM vouchers WHERE guid = ?", require.guid));
  if (state && (std::int64_t{1} << *state & set_of(require.expect)) != 0) return ok();
  return fail(Errc::conflict,
              "voucher " + to_hex(require.guid) + ": " + std::string(not_as_expected));
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
