// SPDX-License-Identifier: Apache-2.0
// Both sides of rendezvous: registrations held for devices, and our own to be kept up elsewhere.
#include "registry/sqlite/statements.h"

namespace fairlead::registry::sqlite {
Result<void> read(Statement& row, Registration& r) {
  return row.read(r.guid, r.to1d, r.device_key, r.voucher_chain, r.expires, r.changed);
}

Result<void> read(Statement& row, To0Job& job) {
  return row.read(job.guid, job.rendezvous, job.due, job.failures, job.last_error,
                  job.registered_until);
}

Result<void> read(Statement& row, OwnRegistration& own) {
  To0Job& job = own.job;
  return row.read(job.guid, job.rendezvous, job.due, job.failures, job.last_error,
                  job.registered_until, own.account, own.serial);
}

Result<void> apply(Connection& connection, const PutRegistration& put) {
  const Registration& r = put.registration;
  return change(connection,
                "INSERT INTO registrations(guid, to1d, device_key, voucher_chain, expires, changed)"
                " VALUES(?, ?, ?, ?, ?, ?)"
                " ON CONFLICT(guid) DO UPDATE SET to1d = excluded.to1d,"
                " device_key = excluded.device_key, voucher_chain = excluded.voucher_chain,"
                " expires = excluded.expires, changed = excluded.changed",
                r.guid, r.to1d, r.device_key, r.voucher_chain, r.expires, r.changed)
      .in("registration");
}

Result<void> apply(Connection& connection, const RemoveRegistration& remove) {
  return change(connection, "DELETE FROM registrations WHERE guid = ?", remove.guid)
      .in("registration");
}

Result<void> apply(Connection& connection, const PutTo0Job& put) {
  const To0Job& job = put.job;
  return change(
             connection,
             "INSERT INTO to0_jobs(guid, rendezvous, due, failures, last_error, registered_until)"
             " VALUES(?, ?, ?, ?, ?, ?)"
             " ON CONFLICT(guid, rendezvous) DO UPDATE SET due = excluded.due,"
             " failures = excluded.failures, last_error = excluded.last_error,"
             " registered_until = excluded.registered_until",
             job.guid, job.rendezvous, job.due, job.failures, job.last_error, job.registered_until)
      .in("TO0 job");
}

Result<void> apply(Connection& connection, const RemoveTo0Job& remove) {
  return change(connection, "DELETE FROM to0_jobs WHERE guid = ? AND rendezvous = ?", remove.guid,
                remove.rendezvous)
      .in("TO0 job");
}

Result<std::optional<Registration>> find_registration(Connection& connection, View guid) {
  return find_one<Registration>(
      connection,
      "SELECT guid, to1d, device_key, voucher_chain, expires, changed FROM registrations"
      " WHERE guid = ?",
      guid);
}

Result<std::vector<Registration>> registrations(Connection& connection, const Page& page) {
  TRY(const Bytes after, after_key(page));
  return find_all<Registration>(
      connection,
      "SELECT guid, to1d, device_key, voucher_chain, expires, changed FROM registrations"
      " WHERE guid > ? ORDER BY guid LIMIT ?",
      after, rows_of(page.limit));
}

Result<std::vector<Registration>> registrations_of(Connection& connection, View device_key) {
  return find_all<Registration>(
      connection,
      "SELECT guid, to1d, device_key, voucher_chain, expires, changed FROM registrations"
      " WHERE device_key = ? ORDER BY guid LIMIT 1000",
      device_key);
}

Result<std::vector<To0Job>> to0_jobs_due(Connection& connection, Time until, std::size_t limit,
                                         const std::vector<std::string>& except) {
  return find_all<To0Job>(
      connection,
      "SELECT guid, rendezvous, due, failures, last_error, registered_until FROM to0_jobs"
      " WHERE due <= ? AND rendezvous NOT IN (SELECT value FROM json_each(?))"
      " ORDER BY due, guid, rendezvous LIMIT ?",
      until, except, rows_of(limit));
}

Result<std::vector<To0Job>> to0_jobs_of(Connection& connection, View guid) {
  return find_all<To0Job>(
      connection,
      "SELECT guid, rendezvous, due, failures, last_error, registered_until FROM to0_jobs"
      " WHERE guid = ? ORDER BY rendezvous",
      guid);
}

// An account's vouchers are walked in order of their GUIDs, so nothing is sorted; failing ones have
// an index of their own, since they are few.
Result<std::vector<OwnRegistration>> own_registrations(Connection& connection,
                                                       const OwnRegistrationFilter& filter,
                                                       const Page& page) {
  const auto blank = page.after.find(' ');
  TRY(const Bytes after, after_key({page.after.substr(0, blank), page.limit}));
  const std::string after_url = blank == std::string::npos ? "" : page.after.substr(blank + 1);
  std::string sql =
      "SELECT j.guid, j.rendezvous, j.due, j.failures, j.last_error, j.registered_until, v.account,"
      " v.serial FROM ";
  sql += filter.account && !filter.only_failing
             ? "vouchers v INDEXED BY vouchers_account CROSS JOIN to0_jobs j ON j.guid = v.guid"
             : "to0_jobs j CROSS JOIN vouchers v ON v.guid = j.guid";
  const char* order = filter.account && !filter.only_failing ? "v.guid" : "j.guid";
  sql += std::string(" WHERE ") + order + " >= ?1 AND (j.guid, j.rendezvous) > (?1, ?2)";
  sql += filter.account ? " AND v.account = ?4" : " AND ?4 = ''";
  sql += filter.rendezvous.empty() ? " AND ?5 = ''" : " AND j.rendezvous = ?5";
  if (filter.only_failing) sql += " AND j.failures > 0";
  sql += std::string(" ORDER BY ") + order + ", j.rendezvous LIMIT ?3";
  return find_all<OwnRegistration>(connection, sql, after, after_url, rows_of(page.limit),
                                   filter.account.value_or(AccountId()), filter.rendezvous);
}

Result<std::uint64_t> remove_some_registrations_before(Connection& connection, Time expired) {
  TRY_VOID(change(connection,
                  "DELETE FROM registrations WHERE rowid IN"
                  " (SELECT rowid FROM registrations WHERE expires < ? LIMIT 1000)",
                  expired));
  return connection.changed_rows();
}

}  // namespace fairlead::registry::sqlite
