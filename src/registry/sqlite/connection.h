// SPDX-License-Identifier: Apache-2.0
// One SQLite connection with its prepared statements, and how C++ values go in and out of them.
// A connection is used by one thread at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/log.h"
#include "base/result.h"
#include "base/strong_id.h"
#include "base/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace fairlead::registry {
struct SqliteOptions;
}

namespace fairlead::registry::sqlite {

enum class Use { write, read };

class Connection {
 public:
  // Use::write creates a missing file. Both set every pragma that we rely on.
  static Result<std::unique_ptr<Connection>> open(const std::filesystem::path& file, Use use,
                                                  const SqliteOptions& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Result<void> run_script(
      const char* sql);  // any number of statements, without parameters, not kept
  Result<sqlite3_stmt*> prepared(std::string_view sql);  // kept; the connection owns it
  Error error(int code) const;         // what SQLite's result code means, in words
  std::uint64_t changed_rows() const;  // by the last INSERT, UPDATE or DELETE
  void roll_back();  // if a transaction is open: some errors have already ended it
  Use use() const { return use_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view sql) const {
      return std::hash<std::string_view>{}(sql);
    }
  };
  Connection(sqlite3* db, Use use, Duration lock_timeout)
      : db_(db), use_(use), lock_timeout_(lock_timeout) {}
  Result<void> configure(const SqliteOptions& options);
  Result<void> switch_to_wal();

  sqlite3* db_;
  Use use_;
  Duration lock_timeout_;
  std::unordered_map<std::string, sqlite3_stmt*, Hash, std::equal_to<>> statements_;
};

// One run of a prepared statement: values in, rows out; afterwards it is ready for the next run.
// The first error sticks and is returned by next().
class Statement {
 public:
  template <class... Values>
  Statement(Connection& connection, std::string_view sql, const Values&... values)
      : connection_(connection) {
    prepare(sql);
    (bind(values), ...);
  }
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Result<bool> next();  // true: there is a row

  // Reads the columns of the present row in order.
  template <class... Values>
  Result<void> read(Values&... values) {
    column_ = 0;
    (take(values), ...);
    if (failed_) return fail(error_);
    return ok();
  }

 private:
  void prepare(std::string_view sql);
  void refuse(Error error);

  void bind(std::string_view text);  // must be UTF-8 without NUL when it is to be stored
  void bind(const std::string& text) { bind(std::string_view(text)); }
  void bind(const char* text) { bind(std::string_view(text)); }
  void bind(View bytes);
  void bind(const Bytes& bytes) { bind(View(bytes)); }
  void bind(std::int64_t number);
  void bind(std::uint64_t number) { bind(static_cast<std::int64_t>(number)); }
  void bind(bool flag) { bind(std::int64_t{flag}); }
  void bind(Time time) { bind(to_unix_ms(time)); }
  void bind(const std::vector<std::string>& list);  // as a JSON array
  void bind(const Fields& fields);  // as a JSON array of [name, value]; bad UTF-8 becomes U+FFFD
  template <class Tag>
  void bind(const StrongId<Tag>& id) {
    bind(std::string_view(id.str()));
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void bind(Enum value) {
    bind(static_cast<std::int64_t>(value));
  }

  void take(std::string& text);
  void take(Bytes& bytes);
  void take(std::int64_t& number);
  void take(std::uint64_t& number);
  void take(bool& flag);
  void take(Time& time);
  void take(std::vector<std::string>& list);
  void take(Fields& fields);
  template <class Tag>
  void take(StrongId<Tag>& id) {
    std::string text;
    take(text);
    id = StrongId<Tag>(std::move(text));
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void take(Enum& value) {
    std::int64_t number = 0;
    take(number);
    value = static_cast<Enum>(number);
  }

  Connection& connection_;
  sqlite3_stmt* statement_ = nullptr;
  int parameter_ = 0;  // the last one bound
  int column_ = 0;     // the next one to read
  bool failed_ = false;
  Error error_{};
};

// A statement that returns no rows. conflict: a key is there already.
template <class... Values>
Result<void> change(Connection& connection, std::string_view sql, const Values&... values) {
  Statement statement(connection, sql, values...);
  TRY_VOID(statement.next());
  return ok();
}

// The same, where it has to concern a row: `otherwise` is what a conflict says if it doesn't.
template <class... Values>
Result<void> change_one(Connection& connection, std::string_view otherwise, std::string_view sql,
                        const Values&... values) {
  TRY_VOID(change(connection, sql, values...));
  if (connection.changed_rows() == 0) return fail(Errc::conflict, std::string(otherwise));
  return ok();
}

// Rows as records. A record type has a function `Result<void> read(Statement&, Record&)`.
template <class Record, class... Values>
Result<std::vector<Record>> find_all(Connection& connection, std::string_view sql,
                                     const Values&... values) {
  Statement statement(connection, sql, values...);
  std::vector<Record> records;
  for (;;) {
    TRY(const bool more, statement.next());
    if (!more) return records;
    TRY_VOID(read(statement, records.emplace_back()));
  }
}

template <class Record, class... Values>
Result<std::optional<Record>> find_one(Connection& connection, std::string_view sql,
                                       const Values&... values) {
  Statement statement(connection, sql, values...);
  TRY(const bool there, statement.next());
  std::optional<Record> record;
  if (there) TRY_VOID(read(statement, record.emplace()));
  return record;
}

inline Result<void> read(Statement& row, std::string& text) { return row.read(text); }
inline Result<void> read(Statement& row, Bytes& bytes) { return row.read(bytes); }
inline Result<void> read(Statement& row, DeviceId& id) { return row.read(id); }
inline Result<void> read(Statement& row, std::int64_t& number) { return row.read(number); }
inline Result<void> read(Statement& row, std::uint64_t& number) { return row.read(number); }

}  // namespace fairlead::registry::sqlite
