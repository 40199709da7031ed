// SPDX-License-Identifier: Apache-2.0
#include "upstream/access/access_table.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "support/temporary_directory.h"
#include "upstream/access/table_file.h"

namespace fairlead::upstream {
namespace {

CertificateFingerprint fingerprint(std::uint64_t n) {
  CertificateFingerprint out;
  std::mt19937_64 bits(n);
  for (std::size_t i = 0; i < 32; i += 8) {
    auto word = bits();
    for (std::size_t j = 0; j < 8; ++j)
      out.value[i + j] = static_cast<std::uint8_t>(word >> (8 * j));
  }
  return out;
}

AccessEntry device(std::uint64_t n, std::uint64_t generation = 1) {
  auto id = "d-" + std::to_string(n);
  return {.fingerprint = fingerprint(n),
          .generation = generation,
          .device_id = id,
          .topic_prefix = "fairlead/v1/acme/" + id + "/"};
}

class AccessTable : public ::testing::Test {
 protected:
  std::string path() const { return (folder_.path() / "access").string(); }
  std::unique_ptr<AccessWriter> writer(std::uint64_t capacity = 64) {
    auto made = AccessWriter::create_or_open(path(), capacity);
    EXPECT_TRUE(made) << made.error().context;
    return made ? std::move(*made) : nullptr;
  }
  std::unique_ptr<AccessReader> reader() {
    auto made = AccessReader::open(path());
    EXPECT_TRUE(made) << made.error().context;
    return made ? std::move(*made) : nullptr;
  }
  std::string contents() const {
    std::ifstream in(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void overwrite(std::size_t offset, std::string_view bytes) {
    int fd = ::open(path().c_str(), O_WRONLY);
    ASSERT_EQ(::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)),
              static_cast<ssize_t>(bytes.size()));
    ::close(fd);
  }
  test::TemporaryDirectory folder_;
};

Errc code_of(const auto& result) { return result ? Errc::internal : result.error().code; }

// ---- Refusals

TEST_F(AccessTable, NoFileIsNotFound) {
  EXPECT_EQ(code_of(AccessReader::open(path())), Errc::not_found);
}

TEST_F(AccessTable, ForeignFileIsRefusedByReaderAndWriter) {
  std::ofstream(path()) << std::string(8192, 'x');
  auto read = AccessReader::open(path());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::malformed);
  EXPECT_NE(read.error().context.find("not an access table"), std::string::npos);
  EXPECT_EQ(code_of(AccessWriter::create_or_open(path(), 8)), Errc::malformed);
}

TEST_F(AccessTable, FolderFifoAndLinkAreRefused) {
  std::filesystem::create_directory(path());
  EXPECT_FALSE(AccessReader::open(path()));
  std::filesystem::remove(path());
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_FALSE(AccessReader::open(path()));
  std::filesystem::remove(path());
  std::filesystem::create_symlink("/etc/passwd", path());
  EXPECT_FALSE(AccessReader::open(path()));
}

TEST_F(AccessTable, EveryTruncationIsRefused) {
  writer(16)->put(device(1)).value();
  auto whole = contents();
  for (std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{63}, std::size_t{64},
                             std::size_t{575}, std::size_t{4096}, whole.size() - 1}) {
    std::filesystem::resize_file(path(), whole.size());
    overwrite(0, whole);
    std::filesystem::resize_file(path(), length);
    EXPECT_EQ(code_of(AccessReader::open(path())), Errc::malformed) << length;
  }
  std::filesystem::resize_file(path(), whole.size() + 1);
  EXPECT_EQ(code_of(AccessReader::open(path())), Errc::malformed) << "overlong";
}

TEST_F(AccessTable, NewerVersionIsUnsupported) {
  writer();
  overwrite(8, "\x02");
  EXPECT_EQ(code_of(AccessReader::open(path())), Errc::unsupported);
}

TEST_F(AccessTable, ImpossibleCapacityIsRefusedEvenWithAGoodChecksum) {
  writer();
  for (std::uint64_t capacity :
       {std::uint64_t{0}, limits::access_capacity_max + 1, ~std::uint64_t{0}}) {
    auto layout = table_file::encode_layout({.capacity = capacity, .table_id = 7});
    overwrite(0, as_text(layout));
    EXPECT_EQ(code_of(AccessReader::open(path())), Errc::malformed) << capacity;
  }
}

TEST_F(AccessTable, AFlippedBitAnywhereInAnEntryDeniesIt) {
  writer(1)->put(device(1)).value();
  auto open = reader();
  for (std::size_t at = 0; at < table_file::slot_bytes; ++at) {
    auto offset = table_file::header_bytes + at;
    auto whole = contents();
    char flipped = static_cast<char>(whole[offset] ^ 0x10);
    overwrite(offset, {&flipped, 1});
    EXPECT_EQ(code_of(open->find(fingerprint(1))), Errc::malformed) << at;
    overwrite(offset, {&whole[offset], 1});
    EXPECT_TRUE(open->find(fingerprint(1)).value()) << at;
  }
}

TEST_F(AccessTable, ATruncationUnderAnOpenReaderIsARefusalAndNoSignal) {
  auto table = writer();
  table->put(device(1)).value();
  auto open = reader();
  std::filesystem::resize_file(path(), 100);
  EXPECT_EQ(code_of(open->find(fingerprint(1))), Errc::malformed);
  EXPECT_EQ(code_of(open->status()), Errc::malformed);
  EXPECT_FALSE(open->reload_if_superseded());
}

TEST_F(AccessTable, RandomContentNeverCrashesAndNeverAdmits) {
  auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  writer(64)->put(device(1)).value();
  auto open = reader();
  auto whole = contents();
  for (int round = 0; round < 300; ++round) {
    auto bad = whole;
    for (std::size_t i = table_file::header_bytes; i < bad.size(); ++i)
      bad[i] = static_cast<char>(random());
    overwrite(0, bad);
    auto found = open->find(fingerprint(1));
    EXPECT_TRUE(!found || !*found);
  }
}

TEST_F(AccessTable, EntriesThatOpenTooMuchAreRefused) {
  auto table = writer();
  auto with = [](auto change) {
    auto entry = device(1);
    change(entry);
    return entry;
  };
  std::vector<AccessEntry> bad{with([](auto& e) { e.device_id = ""; }),
                               with([](auto& e) { e.device_id = "a/b"; }),
                               with([](auto& e) { e.device_id = "a:b"; }),
                               with([](auto& e) { e.device_id = "+"; }),
                               with([](auto& e) { e.device_id = std::string(65, 'a'); }),
                               with([](auto& e) { e.device_id = std::string("a\0b", 3); }),
                               with([](auto& e) { e.topic_prefix = ""; }),
                               with([](auto& e) { e.topic_prefix = "/"; }),
                               with([](auto& e) { e.topic_prefix = "fairlead/v1/acme/d-1"; }),
                               with([](auto& e) { e.topic_prefix = "fairlead/+/"; }),
                               with([](auto& e) { e.topic_prefix = "fairlead/#/"; }),
                               with([](auto& e) { e.topic_prefix = "$SYS/"; }),
                               with([](auto& e) { e.topic_prefix = "a//"; }),
                               with([](auto& e) { e.topic_prefix = std::string(128, 'a') + "/"; }),
                               with([](auto& e) { e.state = AccessState{3}; }),
                               with([](auto& e) { e.role = AccessRole{0}; })};
  for (const auto& entry : bad) EXPECT_EQ(code_of(table->put(entry)), Errc::refused);
  EXPECT_EQ(code_of(table->rebuild(bad)), Errc::refused);
  EXPECT_EQ(table->status().entries, 0u);
}

TEST_F(AccessTable, LongestIdAndPrefixAreAccepted) {
  auto table = writer();
  auto entry = device(1);
  entry.device_id = std::string(64, 'a');
  entry.topic_prefix = std::string(127, 'a') + "/";
  table->put(entry).value();
  EXPECT_EQ(reader()->find(fingerprint(1)).value(), entry);
}

TEST_F(AccessTable, ASecondWriterIsTurnedAway) {
  auto first = writer();
  EXPECT_EQ(code_of(AccessWriter::create_or_open(path(), 8)), Errc::busy);
  first.reset();
  EXPECT_TRUE(AccessWriter::create_or_open(path(), 8));
}

TEST_F(AccessTable, RevokingTheUnknownIsNotFound) {
  EXPECT_EQ(code_of(writer()->revoke(fingerprint(9))), Errc::not_found);
}

TEST_F(AccessTable, AnImpossibleCapacityIsAnErrorAndLeavesNothingBehind) {
  EXPECT_EQ(code_of(AccessWriter::create_or_open(path(), 0)), Errc::refused);
  EXPECT_EQ(code_of(AccessWriter::create_or_open(path(), limits::access_capacity_max + 1)),
            Errc::refused);
  EXPECT_FALSE(std::filesystem::exists(path()));
  EXPECT_FALSE(std::filesystem::exists(path() + ".new"));
}

// ---- What it is for

TEST_F(AccessTable, ReaderSeesPutAndRevokeAtOnce) {
  auto table = writer();
  auto open = reader();
  EXPECT_EQ(open->find(fingerprint(1)).value(), std::nullopt);
  auto before = open->status().value();
  table->put(device(1)).value();
  EXPECT_EQ(open->find(fingerprint(1)).value(), device(1));
  auto after = open->status().value();
  EXPECT_GT(after.changes, before.changes);
  EXPECT_EQ(after.revocations, before.revocations) << "a new entry takes nothing away";
  table->revoke(fingerprint(1)).value();
  EXPECT_EQ(open->find(fingerprint(1)).value()->state, AccessState::revoked);
  EXPECT_GT(open->status().value().revocations, after.revocations);
}

TEST_F(AccessTable, FileIsReadableByItsGroupOnly) {
  writer();
  struct stat about{};
  ASSERT_EQ(::stat(path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777, 0640u);
}

TEST_F(AccessTable, ContentsSurviveReopening) {
  writer()->put(device(1)).value();
  auto again = writer();
  EXPECT_EQ(again->find(fingerprint(1)), device(1));
  EXPECT_EQ(again->status().entries, 1u);
  EXPECT_EQ(again->damaged_slots(), 0u);
}

TEST_F(AccessTable, GrowsToAHundredThousandAndReadersFollow) {
  auto table = writer(16);
  auto open = reader();
  for (std::uint64_t n = 0; n < 100'000; ++n) table->put(device(n)).value();
  EXPECT_GE(table->capacity(), 100'000u);
  EXPECT_TRUE(open->status().value().superseded);
  EXPECT_EQ(open->reload_if_superseded().value(), AccessReader::Reload::reloaded);
  EXPECT_EQ(open->reload_if_superseded().value(), AccessReader::Reload::unchanged);
  EXPECT_EQ(open->status().value().entries, 100'000u);
  for (std::uint64_t n = 0; n < 100'000; n += 97)
    ASSERT_EQ(open->find(fingerprint(n)).value(), device(n));
  EXPECT_EQ(open->find(fingerprint(100'001)).value(), std::nullopt);
}

TEST_F(AccessTable, RebuildIsTheWholeTruth) {
  auto table = writer(4);
  table->put(device(1)).value();
  auto open = reader();
  auto revocations = open->status().value().revocations;
  std::vector<AccessEntry> truth;
  for (std::uint64_t n = 10; n < 1010; ++n) truth.push_back(device(n));
  truth.push_back(device(10, 2));  // the last counts
  table->rebuild(truth).value();
  EXPECT_EQ(open->reload_if_superseded().value(), AccessReader::Reload::reloaded);
  EXPECT_GT(open->status().value().revocations, revocations);
  EXPECT_EQ(open->status().value().entries, 1000u);
  EXPECT_EQ(open->find(fingerprint(1)).value(), std::nullopt);
  EXPECT_EQ(open->find(fingerprint(10)).value()->generation, 2u);
}

TEST_F(AccessTable, ReaderNoticesRemovalAndReplacementByHand) {
  auto table = writer();
  auto open = reader();
  std::filesystem::rename(path(), path() + ".away");
  EXPECT_EQ(code_of(open->reload_if_superseded()), Errc::not_found);
  std::filesystem::rename(path() + ".away", path());
  EXPECT_EQ(open->reload_if_superseded().value(), AccessReader::Reload::unchanged);
  table.reset();
  auto fresh = AccessWriter::create_anew(path(), 8);
  EXPECT_EQ(open->reload_if_superseded().value(), AccessReader::Reload::reloaded);
}

TEST_F(AccessTable, CreatedAnewOverACorruptFileIsEmptyAndUsable) {
  std::ofstream(path()) << "garbage";
  auto fresh = AccessWriter::create_anew(path(), 8);
  ASSERT_TRUE(fresh);
  EXPECT_EQ(reader()->find(fingerprint(1)).value(), std::nullopt);
}

TEST_F(AccessTable, HeartbeatIsSeenAndIsNoChange) {
  auto table = writer();
  auto open = reader();
  auto before = open->status().value();
  table->heartbeat(from_unix_ms(1'800'000'000'123)).value();
  auto after = open->status().value();
  EXPECT_EQ(after.heartbeat, from_unix_ms(1'800'000'000'123));
  EXPECT_EQ(after.changes, before.changes);
}

TEST_F(AccessTable, WhoLostARightIsNamedForTheLatestSixtyFour) {
  auto table = writer(256);
  auto open = reader();
  for (std::uint64_t n = 0; n < 100; ++n) table->put(device(n)).value();
  auto before = open->status().value().revocations;
  EXPECT_EQ(open->taken_away(before, before)->size(), 0u);
  for (std::uint64_t n = 0; n < 64; ++n) table->revoke(fingerprint(n)).value();
  auto after = open->status().value().revocations;
  auto names = open->taken_away(before, after);
  ASSERT_TRUE(names);
  ASSERT_EQ(names->size(), 64u);
  EXPECT_EQ(names->front(), fingerprint(0));
  EXPECT_EQ(names->back(), fingerprint(63));
  table->revoke(fingerprint(64)).value();
  EXPECT_EQ(open->taken_away(before, after + 1), std::nullopt) << "too many";
  EXPECT_EQ(open->taken_away(before, after), std::nullopt) << "overwritten";
  EXPECT_EQ(open->taken_away(after, after + 1)->front(), fingerprint(64));
  EXPECT_EQ(open->taken_away(after + 1, after), std::nullopt);
  EXPECT_EQ(open->taken_away(0, ~std::uint64_t{0}), std::nullopt);
  table.reset();
  writer();  // the next process leaps, since its predecessor may have been killed in between
  EXPECT_EQ(open->taken_away(after + 1, open->status().value().revocations), std::nullopt);
}

TEST_F(AccessTable, ATornSlotIsCountedPassedByAndMendedByRebuild) {
  auto table = writer(4);
  for (std::uint64_t n = 0; n < 3; ++n) table->put(device(n)).value();
  table.reset();
  std::size_t torn = 0;
  for (std::size_t slot = 0; slot < 4 && torn == 0; ++slot) {
    auto offset = table_file::Layout::offset(slot);
    if (contents()[offset] != 0) overwrite(offset + 60, "torn"), ++torn;
  }
  auto again = writer(4);
  EXPECT_EQ(again->damaged_slots(), 1u);
  auto open = reader();
  int found = 0;
  for (std::uint64_t n = 0; n < 3; ++n) {
    auto entry = open->find(fingerprint(n));
    if (entry && *entry) ++found;
  }
  EXPECT_EQ(found, 2);
  again->rebuild(std::vector{device(0), device(1), device(2)}).value();
  EXPECT_EQ(again->damaged_slots(), 0u);
  open->reload_if_superseded().value();
  for (std::uint64_t n = 0; n < 3; ++n) EXPECT_EQ(open->find(fingerprint(n)).value(), device(n));
}

// Generation and prefix change together, so a mixture of two writes would show.
AccessEntry twin(std::uint64_t n, std::uint64_t generation) {
  auto entry = device(n, generation);
  entry.topic_prefix = "fairlead/v1/a-" + std::to_string(generation) + "/";
  return entry;
}

void expect_twin(const Result<std::optional<AccessEntry>>& found) {
  if (!found || !*found) return;  // denied is allowed
  ASSERT_EQ((*found)->topic_prefix, "fairlead/v1/a-" + std::to_string((*found)->generation) + "/");
}

TEST_F(AccessTable, ReadersBesideABusyWriterSeeWholeEntriesOnly) {
  auto table = writer(8);
  for (std::uint64_t n = 0; n < 4; ++n) table->put(twin(n, 0)).value();
  std::atomic<bool> done = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i)
    readers.emplace_back([&] {
      auto open = reader();
      std::uint64_t looks = 0;
      while (!done || looks < 1000) {
        ignore(open->reload_if_superseded(), "being replaced");
        auto found = open->find(fingerprint(looks++ % 4));
        ASSERT_TRUE(found) << found.error().context;
        ASSERT_TRUE(*found);
        expect_twin(found);
      }
    });
  for (std::uint64_t generation = 1; generation < 5'000; ++generation) {
    for (std::uint64_t n = 0; n < 4; ++n) table->put(twin(n, generation)).value();
    if (generation % 500 == 0)
      table->put(device(1000 + generation)).value();  // makes it grow now and then
  }
  done = true;
  for (auto& thread : readers) thread.join();
}

TEST_F(AccessTable, AWriterKilledAtAnyMomentLeavesEntriesWholeOrDenied) {
  for (int round = 0; round < 25; ++round) {
    auto child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto opened = AccessWriter::create_or_open(path(), 4);
      if (!opened) ::_exit(3);
      for (std::uint64_t generation = 1;; ++generation)
        for (std::uint64_t n = 0; n < 40; ++n)
          if (!(*opened)->put(twin(n + generation / 8 % 64, generation))) ::_exit(4);
    }
    // Reading meanwhile, until some hundred changes have been seen: no clock decides when.
    std::unique_ptr<AccessReader> open;
    std::uint64_t from = 0;
    while (true) {
      int status = 0;
      ASSERT_EQ(::waitpid(child, &status, WNOHANG), 0) << "writer ended: " << status;
      if (!open) {
        auto opened = AccessReader::open(path());
        if (!opened) continue;
        open = std::move(*opened);
        from = open->status().value().changes;
      }
      ignore(open->reload_if_superseded(), "being replaced");
      expect_twin(open->find(fingerprint(static_cast<std::uint64_t>(round))));
      auto now = open->status();
      if (now && now->changes > from + 100 + static_cast<std::uint64_t>(round) * 7) break;
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    auto survivor = AccessReader::open(path());
    ASSERT_TRUE(survivor) << survivor.error().context;
    for (std::uint64_t n = 0; n < 104; ++n) expect_twin((*survivor)->find(fingerprint(n)));
    auto next = writer(4);
    ASSERT_TRUE(next);
    next->put(twin(1, 1)).value();
    EXPECT_EQ(next->find(fingerprint(1)), twin(1, 1));
  }
}

}  // namespace
}  // namespace fairlead::upstream
