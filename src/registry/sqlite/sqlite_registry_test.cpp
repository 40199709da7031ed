// SPDX-License-Identifier: Apache-2.0
// What only a file can suffer: locked, full, damaged, foreign, newer. The rest is the contract's
// (tests/contract).
#include "registry/sqlite/sqlite_registry.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "registry/sqlite/migrations.h"
#include "support/temporary_directory.h"

namespace fairlead::registry {
namespace {

// Another program on the same file.
class Stranger {
 public:
  explicit Stranger(const std::filesystem::path& file) { sqlite3_open(file.c_str(), &db_); }
  ~Stranger() { sqlite3_close(db_); }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;
  void run(const char* sql) {
    ASSERT_EQ(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db_);
  }
  bool may(const char* sql) {
    return sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
  }

 private:
  sqlite3* db_ = nullptr;
};

class SqliteRegistryTest : public testing::Test {
 protected:
  std::unique_ptr<SqliteRegistry> open(const SqliteOptions& options = {}) {
    auto opened = SqliteRegistry::open(file_, options);
    if (!opened) throw std::runtime_error(to_string(opened.error()));
    return std::move(*opened);
  }
  void expect_refused(Errc code, std::string_view words) {
    auto opened = SqliteRegistry::open(file_, {.lock_timeout = Duration(20)});
    ASSERT_FALSE(opened);
    expect(opened.error(), code, words);
    EXPECT_NE(opened.error().context.find("registry.sqlite"), std::string::npos);
  }
  static void expect(const Error& error, Errc code, std::string_view words) {
    EXPECT_EQ(error.code, code) << to_string(error);
    EXPECT_NE(error.context.find(words), std::string::npos) << to_string(error);
  }
  // Overwrites part of the file, like a failing disk.
  void damage(std::streamoff from, std::size_t size) {
    std::fstream file(file_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(from);
    for (std::size_t i = 0; i < size; ++i) file.put('\x5a');
    ASSERT_TRUE(file.good());
  }

  fairlead::test::TemporaryDirectory folder_;
  std::filesystem::path file_ = folder_.path() / "registry.sqlite";
};

TEST_F(SqliteRegistryTest, AFileThatIsNoDatabaseIsRefusedAndLeftAlone) {
  const std::string text(5000, 'x');
  std::ofstream(file_) << text;
  expect_refused(Errc::internal, "is not a SQLite database");
  std::ifstream file(file_);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text);
}

TEST_F(SqliteRegistryTest, ADatabaseOfAnotherProgramIsRefused) {
  {
    Stranger(file_).run("CREATE TABLE photos(id); CREATE TABLE devices(id)");
  }
  expect_refused(Errc::unsupported, "another program");
}

TEST_F(SqliteRegistryTest, ASchemaOfANewerVersionIsRefused) {
  open();
  const std::string newer =
      "UPDATE fairlead_schema SET version = " + std::to_string(sqlite::schema_version_newest() + 1);
  {
    Stranger(file_).run(newer.c_str());
  }
  expect_refused(Errc::unsupported, "newer Fairlead");
}

TEST_F(SqliteRegistryTest, ASchemaWithoutItsVersionIsRefused) {
  open();
  {
    Stranger(file_).run("DELETE FROM fairlead_schema");
  }
  expect_refused(Errc::internal, "no schema version");
}

TEST_F(SqliteRegistryTest, AFolderThatIsMissingOrAFolderInsteadOfAFileIsRefusedInWords) {
  auto missing = SqliteRegistry::open(folder_.path() / "none" / "registry.sqlite");
  ASSERT_FALSE(missing);
  expect(missing.error(), Errc::io, "No such file or directory");
  auto folder = SqliteRegistry::open(folder_.path());
  ASSERT_FALSE(folder);
  expect(folder.error(), Errc::io, "Is a directory");
}

TEST_F(SqliteRegistryTest, AFailedMigrationLeavesTheFileAsItWas) {
  {
    Stranger(file_).run(
        "CREATE TABLE fairlead_schema(version INTEGER NOT NULL);"
        "INSERT INTO fairlead_schema VALUES(0);"
        "CREATE TABLE settings(odd)");
  }  // version 1 makes it last
  expect_refused(Errc::internal, "migration 1: ");
  Stranger stranger(file_);
  stranger.run("CREATE TABLE accounts(free)");  // rolled back, so the name is free
}

TEST_F(SqliteRegistryTest, TrustedKeysOfSchema1CountEverywhereAsBefore) {
  open();
  Stranger(file_).run(
      "DROP INDEX device_keys_fingerprint; ALTER TABLE device_keys DROP COLUMN tpm;"
      "ALTER TABLE events DROP COLUMN times; ALTER TABLE events DROP COLUMN last;"
      "DROP INDEX vouchers_account; DROP INDEX vouchers_state;"
      "CREATE INDEX vouchers_account_state ON vouchers(account, state, guid);"
      "CREATE INDEX vouchers_account ON vouchers(account, guid);"
      "CREATE INDEX vouchers_state ON vouchers(state, guid);"
      "DROP INDEX certificates_change; DROP INDEX certificates_account_state;"
      "DROP INDEX to0_jobs_failing; ALTER TABLE certificates DROP COLUMN change;"
      "DROP TABLE audit; DROP TABLE bootstrap_keys; DROP TABLE wifi_networks;"
      "DROP TABLE one_time_passwords; DROP TABLE upload_parts; DROP TABLE uploads;"
      "DROP INDEX registrations_device_key; DROP TABLE trusted_keys;"
      "CREATE TABLE trusted_keys(fingerprint BLOB NOT NULL PRIMARY KEY, kind INTEGER NOT NULL,"
      " name TEXT NOT NULL, spki BLOB NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;"
      "INSERT INTO trusted_keys VALUES(x'01', 2, 'Reseller', x'30', 5), (x'02', 3, 'CA', x'30', 5);"
      "UPDATE fairlead_schema SET version = 1");
  auto keys = open()->trusted_keys();
  ASSERT_TRUE(keys);
  // Device CAs of then had no effect. Those of now have (EST), so none may come back by an update.
  ASSERT_EQ(keys->size(), 1u);
  EXPECT_EQ(
      keys->front(),
      (TrustedKey{AccountId(), {1}, TrustedKey::Kind::owner, "Reseller", {0x30}, from_unix_ms(5)}));
}

TEST_F(SqliteRegistryTest, AWriteToALockedFileGivesUpAfterTheTimeoutAndTheNextSucceeds) {
  auto registry = open({.lock_timeout = Duration(50)});
  const std::vector<Transaction> batch = {{PutSetting{"a", {1}}}, {PutSetting{"b", {1}}}};
  {
    Stranger stranger(file_);
    stranger.run("BEGIN IMMEDIATE");
    const auto outcomes = registry->write(batch);
    ASSERT_EQ(outcomes.size(), 2u);
    for (const auto& outcome : outcomes) {
      ASSERT_FALSE(outcome);
      expect(outcome.error(), Errc::io, "locked by another writer for longer than 50 ms");
    }
    auto removed = registry->remove_sessions_before(Time());
    ASSERT_FALSE(removed);
    expect(removed.error(), Errc::io, "locked");
    EXPECT_TRUE(registry->find_setting("a"));  // readers don't care
    expect_refused(Errc::io, "locked");        // the migration needs the lock
  }
  for (const auto& outcome : registry->write(batch)) EXPECT_TRUE(outcome);
}

TEST_F(SqliteRegistryTest, AFullDiskFailsTheWholeBatchAndSpoilsNothing) {
  auto registry = open({.pages_max = 100});
  const Bytes large(100 * 4096);
  const std::vector<Transaction> batch = {{PutSetting{"small", {1}}},
                                          {InsertSetting{"x", {1}}, InsertSetting{"x", {1}}},
                                          {PutSetting{"large", large}},
                                          {PutSetting{"after", {1}}}};
  const auto outcomes = registry->write(batch);
  ASSERT_EQ(outcomes.size(), batch.size());
  for (const auto& outcome : outcomes) {
    ASSERT_FALSE(outcome);
    expect(outcome.error(), Errc::io, "disk is full");
  }
  auto small = registry->find_setting("small");
  ASSERT_TRUE(small);
  EXPECT_FALSE(*small);
  EXPECT_TRUE(registry->write({PutSetting{"small", {1}}}));
  registry.reset();
  EXPECT_TRUE(open()->check());
}

TEST_F(SqliteRegistryTest, ADamagedFileIsFoundByTheCheckAndReadsFailInWords) {
  {
    auto registry = open();
    Transaction many;
    for (int i = 0; i < 3000; ++i)
      many.push_back(PutSetting{"setting " + std::to_string(i), Bytes(100, 1)});
    ASSERT_TRUE(registry->write(many));
    EXPECT_TRUE(registry->check());
  }
  const auto size = static_cast<std::streamoff>(std::filesystem::file_size(file_));
  damage(size / 2, static_cast<std::size_t>(size / 3));
  auto registry = open();
  auto checked = registry->check();
  ASSERT_FALSE(checked);
  expect(checked.error(), Errc::internal, "damaged");
  int failures = 0;
  for (int i = 0; i < 3000; ++i)
    if (auto found = registry->find_setting("setting " + std::to_string(i)); !found) {
      expect(found.error(), Errc::internal, "damaged");
      ++failures;
    }
  EXPECT_GT(failures, 0);
}

TEST_F(SqliteRegistryTest, ATruncatedFileIsNotTakenForAnEmptyOne) {
  {
    auto registry = open();
    ASSERT_TRUE(registry->write({PutSetting{"large", Bytes(400'000, 1)}}));
  }
  std::filesystem::resize_file(file_, std::filesystem::file_size(file_) / 2);
  auto opened = SqliteRegistry::open(file_);
  if (opened) {
    EXPECT_FALSE((*opened)->check());
    EXPECT_FALSE((*opened)->find_setting("large"));
  } else {
    expect(opened.error(), Errc::internal, "damaged");
  }
}

TEST_F(SqliteRegistryTest, ABrokenListInTheFileIsAnErrorNotACrash) {
  auto registry = open();
  ASSERT_TRUE(registry->write({PutToken{{"t", UserId("u"), {1}, {}, "", {}, {}}},
                               AppendEvent{{0, DeviceId("d"), {}, "E", {{"a", "b"}}}}}));
  for (const char* broken : {"UPDATE tokens SET scopes = '['", "UPDATE tokens SET scopes = '{}'"}) {
    Stranger(file_).run(broken);
    auto tokens = registry->tokens();
    ASSERT_FALSE(tokens);
    expect(tokens.error(), Errc::internal, "damaged");
  }
  for (const char* broken :
       {"UPDATE events SET fields = ''", "UPDATE events SET fields = '[[1,2]]'",
        "UPDATE events SET fields = '[[\"a\"]]'"}) {
    Stranger(file_).run(broken);
    auto events = registry->events_of(DeviceId("d"), 10);
    ASSERT_FALSE(events);
    expect(events.error(), Errc::internal, "damaged");
  }
}

TEST_F(SqliteRegistryTest, TheAuditLogIsNotChangedByMistakeEitherByHand) {
  auto registry = open();
  ASSERT_TRUE(registry->write({AppendAudit{}}));
  Stranger stranger(file_);
  for (const char* change : {"UPDATE audit SET entry = ''", "DELETE FROM audit"})
    EXPECT_FALSE(stranger.may(change)) << change;
  EXPECT_EQ((*registry->last_audit())->sequence, 1u);
}

TEST_F(SqliteRegistryTest, OnlyTheOwnerOfTheFileMayReadIt) {
  auto registry = open();
  ASSERT_TRUE(registry->write({PutSetting{"a", {1}}}));
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat status{};
    ASSERT_EQ(stat((file_.string() + suffix).c_str(), &status), 0) << suffix;
    EXPECT_EQ(status.st_mode & 0777, 0600u) << suffix;
  }
}

TEST_F(SqliteRegistryTest, ManyServersMayOpenANewFileAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> opened = 0;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([&] {
      auto registry = SqliteRegistry::open(file_);
      if (registry && (*registry)->counts()) ++opened;
      if (!registry) ADD_FAILURE() << to_string(registry.error());
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(opened, 6);
}

TEST_F(SqliteRegistryTest, MoreThreadsMayReadThanThereAreConnections) {
  auto registry = open({.readers_max = 2});
  ASSERT_TRUE(registry->write({PutSetting{"a", {1}}}));
  std::vector<std::thread> threads;
  std::atomic<int> found = 0;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i)
        if (auto a = registry->find_setting("a"); a && *a) ++found;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(found, 400);
}

TEST_F(SqliteRegistryTest, TheSchemaIsMadeOnceAndKept) {
  {
    ASSERT_TRUE(open()->write({PutSetting{"a", {1}}}));
  }
  auto found = open()->find_setting("a");
  ASSERT_TRUE(found);
  EXPECT_TRUE(*found);
}

// The plan of each filter: by an index that ends in the id, never a scan of the table or a sort.
TEST_F(SqliteRegistryTest, EveryIndexThatTheSearchCountsOnIsUsed) {
  open();
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(file_.c_str(), &db), SQLITE_OK);
  auto plan = [&](const std::string& sql) {
    std::string out;
    sqlite3_exec(
        db, ("EXPLAIN QUERY PLAN " + sql).c_str(),
        [](void* to, int, char** values, char**) {
          *static_cast<std::string*>(to) += std::string(values[3]) + "; ";
          return 0;
        },
        &out, nullptr);
    return out;
  };
  const std::pair<const char*, const char*> expected[] = {
      {"SELECT id FROM devices WHERE lower(name) >= 'a' AND lower(name) < 'b' LIMIT 9",
       "devices_name"},
      {"SELECT id FROM devices WHERE lower(serial) >= 'a' AND lower(serial) < 'b' LIMIT 9",
       "devices_serial"},
      {"SELECT id FROM devices WHERE lower(device_info) >= 'a' AND lower(device_info) < 'b'",
       "devices_device_info"},
      {"SELECT * FROM devices WHERE id > 'a' AND account = 'x' AND state = 1 ORDER BY id LIMIT 9",
       "devices_account_state"},
      {"SELECT * FROM devices WHERE id > 'a' AND state = 1 ORDER BY id LIMIT 9", "devices_state"},
      {"SELECT * FROM devices WHERE id > 'a' AND account = 'x' AND +lower(name) >= 'a' ORDER BY id",
       "devices_account "},
      {"SELECT * FROM vouchers WHERE guid > x'00' AND +state = 3 AND device = 'd' ORDER BY guid",
       "vouchers_device"},
      {"SELECT * FROM vouchers WHERE guid > x'00' AND (state = 1 OR state = 3 OR state = 5) AND "
       "+account = 'a'"
       " AND state = 3 ORDER BY guid LIMIT 9",
       "vouchers_state"},
      {"SELECT * FROM vouchers WHERE guid > x'00' AND account = 'a' AND +state = 2 ORDER BY guid",
       "vouchers_account"},
      {"SELECT count(*) FROM vouchers WHERE account = 'a' AND state <> 6",
       "COVERING INDEX vouchers_account"},
      {"SELECT * FROM to0_jobs WHERE due <= 1 ORDER BY due LIMIT 9", "to0_jobs_due"},
      {"SELECT * FROM events WHERE device = 'd' ORDER BY sequence DESC LIMIT 9", "events_device"},
  };
  for (const auto& [sql, index] : expected) {
    EXPECT_NE(plan(sql).find(index), std::string::npos) << sql << "\n" << plan(sql);
    EXPECT_EQ(plan(sql).find("TEMP B-TREE"), std::string::npos) << sql << "\n" << plan(sql);
  }
  sqlite3_close(db);
}

}  // namespace
}  // namespace fairlead::registry
