// SPDX-License-Identifier: Apache-2.0
#include "registry/audit.h"

#include "registry/sqlite/statements.h"

namespace fairlead::registry::sqlite {

Result<void> read(Statement& row, AuditRecord& record) {
  return row.read(record.sequence, record.account, record.entry, record.link);
}

// Within the one write transaction that SQLite allows at a time: nobody gets in between.
Result<void> apply(Connection& connection, const AppendAudit& append) {
  TRY(auto last, last_audit(connection));
  TRY(auto record, next_audit_record(last, append.entry));
  return change(connection, "INSERT INTO audit(sequence, account, entry, link) VALUES(?, ?, ?, ?)",
                record.sequence, record.account, record.entry, record.link)
      .in("audit log");
}

Result<std::vector<AuditRecord>> audit_after(Connection& connection, std::uint64_t sequence,
                                             std::size_t limit) {
  return find_all<AuditRecord>(connection,
                               "SELECT sequence, account, entry, link FROM audit"
                               " WHERE sequence > ? ORDER BY sequence LIMIT ?",
                               sequence, rows_of(limit));
}

Result<std::optional<AuditRecord>> last_audit(Connection& connection) {
  return find_one<AuditRecord>(connection,
                               "SELECT sequence, account, entry, link FROM audit"
                               " ORDER BY sequence DESC LIMIT 1");
}

}  // namespace fairlead::registry::sqlite
