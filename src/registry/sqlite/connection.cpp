// SPDX-License-Identifier: Apache-2.0
#include "registry/sqlite/connection.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "registry/sqlite/sqlite_registry.h"

namespace fairlead::registry::sqlite {
namespace {

std::string words(int system_error) { return std::generic_category().message(system_error); }

// SQLite would make it readable for everybody; it holds password hashes and open sessions. Its
// companions (-wal, -shm) take over the mode of the file.
Result<void> create_private(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fail(Errc::io, words(errno));
  ::close(fd);
  return ok();
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const std::filesystem::path& file, Use use,
                                                     const SqliteOptions& options) {
  if (use == Use::write) TRY_VOID(create_private(file));
  // Its count of the memory in use, which nobody asks for, is one mutex around every allocation.
  [[maybe_unused]] static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3* db = nullptr;
  // A reader needs write access too: readers of a WAL mark in shared memory how far they have read.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(file.c_str(), &db, flags, nullptr);
  if (db == nullptr) return fail(Errc::io, "out of memory");
  std::unique_ptr<Connection> connection(new Connection(db, use, options.lock_timeout));
  if (code != SQLITE_OK) return fail(connection->error(code));
  TRY_VOID(connection->configure(options));
  return connection;
}

Connection::~Connection() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close_v2(db_);
}

Result<void> Connection::configure(const SqliteOptions& options) {
  sqlite3_busy_timeout(db_, static_cast<int>(options.lock_timeout.count()));
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);  // "name" is never a string
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  TRY_VOID(
      run_script("PRAGMA trusted_schema=OFF;"  // a doctored file can't make us run its functions
                 "PRAGMA cell_size_check=ON;"  // nor a damaged one make us read beyond a page
                 "PRAGMA foreign_keys=ON;"
                 "PRAGMA temp_store=MEMORY;"));
  if (use_ == Use::read) return run_script("PRAGMA query_only=ON; PRAGMA cache_size=-16384;");
  TRY_VOID(switch_to_wal());
  if (options.pages_max > 0) {
    const std::string limit = "PRAGMA max_page_count=" + std::to_string(options.pages_max);
    TRY_VOID(run_script(limit.c_str()));
  }
  return run_script(
      "PRAGMA synchronous=FULL;"         // a commit is on disk when it returns
      "PRAGMA cache_size=-65536;"        // KiB, taken as the file grows: indexes have random keys
      "PRAGMA wal_autocheckpoint=8192;"  // pages: fewer of them are written back twice
      "PRAGMA journal_size_limit=67108864;"  // a WAL swollen by one great import shrinks again
  );
}

// SQLite doesn't wait for the lock that this needs when two processes open a new file at once, so
// we do.
Result<void> Connection::switch_to_wal() {
  const auto deadline = std::chrono::steady_clock::now() + lock_timeout_;
  for (;;) {
    const int code = sqlite3_exec(db_, "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return ok();
    if ((code & 0xff) != SQLITE_BUSY || std::chrono::steady_clock::now() >= deadline)
      return fail(error(code));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

Result<void> Connection::run_script(const char* sql) {
  const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(error(code));
  return ok();
}

Result<sqlite3_stmt*> Connection::prepared(std::string_view sql) {
  if (auto known = statements_.find(sql); known != statements_.end()) return known->second;
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return fail(error(code));
  statements_.emplace(sql, statement);
  return statement;
}

std::uint64_t Connection::changed_rows() const {
  return static_cast<std::uint64_t>(sqlite3_changes64(db_));
}

void Connection::roll_back() {
  if (sqlite3_get_autocommit(db_)) return;
  ignore(run_script("ROLLBACK"), "the error that led here is the one to report");
}

Error Connection::error(int code) const {
  const int cause = sqlite3_system_errno(db_);
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {Errc::io, "disk is full: nothing was stored"};
    case SQLITE_IOERR:
      if (cause == ENOSPC || cause == EDQUOT) return {Errc::io, "disk is full: nothing was stored"};
      return {Errc::io, "registry file can't be read or written: " + words(cause)};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Errc::io, "registry file is locked by another writer for longer than " +
                            std::to_string(lock_timeout_.count()) + " ms"};
    case SQLITE_READONLY:
      return {Errc::io, "registry file is read-only"};
    case SQLITE_CANTOPEN:
      return {Errc::io, "registry file can't be opened: " + words(cause)};
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {Errc::io, "registry file: permission denied"};
    case SQLITE_NOMEM:
      return {Errc::io, "out of memory"};
    case SQLITE_NOTADB:
      return {Errc::internal, "registry file is not a SQLite database"};
    case SQLITE_CORRUPT:
      return {Errc::internal, std::string("registry file is damaged: ") + sqlite3_errmsg(db_)};
    case SQLITE_TOOBIG:
      return {Errc::malformed, "value is too large to be stored"};
    case SQLITE_CONSTRAINT:
      if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY)
        return {Errc::conflict, "is there already"};
      [[fallthrough]];
    default:
      return {Errc::internal, std::string("SQLite: ") + sqlite3_errmsg(db_)};
  }
}

}  // namespace fairlead::registry::sqlite
