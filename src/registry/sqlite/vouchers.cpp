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

namespace {

// The states that a device's voucher passes through, of which there are few at a time. Those have
// an index (migration 9); of the others there are so many that a page is soon full.
constexpr std::string_view passing_states =
    "(state = 1 OR state = 3 OR state = 5)";  // made, pending, handed_over

bool is_passing(const std::optional<VoucherState>& state) {
  return state == VoucherState::made || state == VoucherState::pending ||
         state == VoucherState::handed_over;
}

// Which index is to be used, said by a plus before the columns of the others: without statistics
// SQLite takes one for as good as another, and would look through all pending vouchers for those of
// one device.
std::string conditions_of(const VoucherFilter& filter) {
  const bool few = filter.device || !filter.serial.empty();
  const bool by_state = !few && is_passing(filter.state);
  std::string sql;
  if (by_state) sql.append(" AND ").append(passing_states);
  // Numbered parameters, because each filter may be absent; an absent one is bound, and not
  // mentioned.
  sql += !filter.account   ? " AND ?3 = ''"
         : few || by_state ? " AND +account = ?3"
                           : " AND account = ?3";
  sql += !filter.state ? " AND ?4 = 0" : by_state ? " AND state = ?4" : " AND +state = ?4";
  sql += filter.serial.empty() ? " AND ?5 = ''"
         : filter.device       ? " AND +serial = ?5"
                               : " AND serial = ?5";
  sql += filter.device ? " AND device = ?6" : " AND ?6 = ''";
  return sql;
}

}  // namespace

Result<std::vector<Voucher>> vouchers(Connection& connection, const VoucherFilter& filter,
                                      const Page& page) {
  TRY(const Bytes after, after_key(page));
  const std::string sql = "SELECT " + columns + " FROM vouchers WHERE guid > ?1 AND ?2 > 0" +
                          conditions_of(filter) + " ORDER BY guid LIMIT ?2";
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
