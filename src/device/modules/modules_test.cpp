// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>

#include "device/modules/command.h"
#include "device/modules/files.h"
#include "support/fdo_party.h"
#include "support/temporary_directory.h"

namespace fairlead::device {
namespace {

namespace fs = std::filesystem;
using cbor::Writer;
using test::must;

class Modules : public testing::Test {
 protected:
  Modules() {
    facts.work = folder.path() / "work";
    facts.download_bytes_max = facts.upload_bytes_max = facts.wget_bytes_max = 1000;
    facts.clock = system_clock();
    fs::create_directory(facts.work);
  }
  void put(const std::string& name, std::string_view text) {
    std::ofstream(facts.work / name) << text;
  }
  std::string get(const std::string& name) {
    std::ifstream in(facts.work / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // What the module queued, as "message=hex" of the CBOR.
  std::vector<std::string> said() {
    std::vector<std::string> all;
    for (auto& pair : out.take(60'000)) all.push_back(pair.key + "=" + to_hex(pair.value));
    return all;
  }
  static Bytes text(std::string_view value) { return Writer().text(value).take(); }
  static Bytes bytes(std::string_view value) { return Writer().bytes(as_view(value)).take(); }
  static Bytes number(std::uint64_t value) { return Writer().uint(value).take(); }
  static Bytes flag(bool value) { return Writer().boolean(value).take(); }

  test::TemporaryDirectory folder;
  ModuleFacts facts;
  ModuleReport report;
  fdo::Outbox out;
};

TEST(FileNames, ThatLeadOutsideAreRefused) {
  for (const char* name :
       {"", "/etc/x", "../x", "../../etc/x", "a/../../x", "a/..", "..", ".", "a//b", "a/", "./a",
        "a\nb", "a/b/c/d/e/f/g/h/i", ".new-0011223344556677"})
    EXPECT_FALSE(split_file_name(name).has_value()) << name;
  EXPECT_FALSE(split_file_name(std::string_view("a\0b", 3)).has_value());
  EXPECT_FALSE(split_file_name(std::string(256, 'a')).has_value());
  EXPECT_EQ(must(split_file_name("a/b..c")).size(), 2u);
}

TEST_F(Modules, SymbolicLinksAreNotFollowed) {
  fs::create_directory(folder.path() / "secret");
  std::ofstream(folder.path() / "secret" / "x") << "s";
  fs::create_directory_symlink(folder.path() / "secret", facts.work / "link");
  fs::create_symlink(folder.path() / "secret" / "x", facts.work / "file");
  WorkingDirectory work(facts.work);
  EXPECT_FALSE(work.create("link/y").has_value());
  EXPECT_FALSE(work.open("link/x", 100).has_value());
  EXPECT_FALSE(work.open("file", 100).has_value());
  auto file = must(work.create("file"));  // replaces the link, does not write through it
  must(file.write(as_view("new")));
  must(file.commit());
  std::ifstream in(folder.path() / "secret" / "x");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "s");
}

TEST_F(Modules, ADownloadIsStoredWhole) {
  DownloadModule module(facts);
  Bytes sha384 = crypto::hash(crypto::HashAlg::sha384, {as_view("hello")});
  must(module.receive("name", text("a/b.txt"), out));
  must(module.receive("length", number(5), out));
  must(module.receive("sha-384", Writer().bytes(sha384).take(), out));
  must(module.receive("data", bytes("hel"), out));
  EXPECT_FALSE(fs::exists(facts.work / "a/b.txt"));
  must(module.receive("data", bytes("lo"), out));
  EXPECT_EQ(said(), std::vector<std::string>{"fdo.download:done=05"});
  EXPECT_EQ(get("a/b.txt"), "hello");
}

TEST_F(Modules, ADownloadWithoutLengthOrOfNothingEndsWithEmptyData) {
  DownloadModule module(facts);
  must(module.receive("name", text("empty"), out));
  must(module.receive("length", number(0), out));
  must(module.receive("data", bytes(""), out));
  EXPECT_EQ(said(), std::vector<std::string>{"fdo.download:done=00"});
  EXPECT_TRUE(fs::exists(facts.work / "empty"));
  must(module.receive("name", text("stream"), out));
  must(module.receive("data", bytes("abc"), out));
  EXPECT_TRUE(said().empty());
  must(module.receive("data", bytes(""), out));
  EXPECT_EQ(said(), std::vector<std::string>{"fdo.download:done=03"});
}

TEST_F(Modules, ADownloadThatIsNotRightLeavesNothing) {
  for (int kind = 0; kind < 4; ++kind) {
    DownloadModule module(facts);
    must(module.receive("name", text(kind == 0 ? "../../etc/x" : "x"), out));
    must(module.receive("length", number(kind == 1 ? 2 : kind == 2 ? 1'000'000 : 3), out));
    if (kind == 3) must(module.receive("sha-384", Writer().bytes(Bytes(48)).take(), out));
    must(module.receive("data", bytes("abc"), out));
    EXPECT_EQ(said(), std::vector<std::string>{"fdo.download:done=20"}) << kind;
    EXPECT_TRUE(fs::is_empty(facts.work)) << kind;
  }
}

TEST_F(Modules, AnUploadSaysLengthDataAndHash) {
  put("log", "hello");
  UploadModule module(facts, report);
  must(module.receive("need-sha", flag(true), out));
  must(module.receive("name", text("log"), out));
  while (must(module.speak(out))) {
  }
  auto all = said();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0], "fdo.upload:length=05");
  EXPECT_EQ(all[1], "fdo.upload:data=4568656c6c6f");
}

TEST_F(Modules, AnUploadFromOutsideOrTooLargeEndsTheRunWithAReason) {
  put("large", std::string(1001, 'x'));
  for (const char* name : {"../../etc/passwd", "/etc/passwd", "large", "missing"}) {
    UploadModule module(facts, report);
    report.failure.reset();
    EXPECT_FALSE(module.receive("name", text(name), out).has_value()) << name;
    ASSERT_TRUE(report.failure);
    EXPECT_EQ(report.failure->reason, Reason::action_impossible);
  }
}

TEST_F(Modules, AnUploadIsReadPieceByPieceAndHashedOnTheWay) {
  facts.upload_bytes_max = 10'000;
  std::string content(2500, 'x');
  put("log", content);
  UploadModule module(facts, report);
  must(module.receive("need-sha", flag(true), out));
  must(module.receive("name", text("log"), out));
  EXPECT_EQ(said().size(), 1u);  // the length
  EXPECT_TRUE(must(module.speak(out)));
  EXPECT_EQ(said().size(), 1u);
  EXPECT_FALSE(module.receive("name", text("log"), out).has_value());  // one at a time
  EXPECT_TRUE(must(module.speak(out)));
  EXPECT_TRUE(must(module.speak(out)));
  EXPECT_FALSE(must(module.speak(out)));
  auto rest = said();
  ASSERT_EQ(rest.size(), 3u);
  Bytes sha384 = crypto::hash(crypto::HashAlg::sha384, {as_view(content)});
  EXPECT_EQ(rest[2], "fdo.upload:sha-384=" + to_hex(Writer().bytes(sha384).take()));
  EXPECT_FALSE(must(module.speak(out)));
  EXPECT_TRUE(said().empty());
}

TEST_F(Modules, AnEmptyUploadHasOneEmptyPart) {
  put("empty", "");
  UploadModule module(facts, report);
  must(module.receive("name", text("empty"), out));
  while (must(module.speak(out))) {
  }
  EXPECT_EQ(said(), (std::vector<std::string>{"fdo.upload:length=00", "fdo.upload:data=40"}));
}

TEST_F(Modules, AFileThatBecomesShorterWhileItIsSentEndsTheRunWithAReason) {
  facts.upload_bytes_max = 10'000;
  put("log", std::string(2500, 'x'));
  UploadModule module(facts, report);
  must(module.receive("name", text("log"), out));
  must(module.speak(out));
  fs::resize_file(facts.work / "log", 1100);
  EXPECT_FALSE(module.speak(out).has_value());
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(report.failure->reason, Reason::action_impossible);
  EXPECT_NE(report.failure->detail.find("became shorter"), std::string::npos);
}

// Fetches by hand: the test plays the server.
class Wget : public Modules {
 protected:
  Wget() {
    facts.fetch = [this](const std::string& url, std::uint64_t, Sink its_sink) {
      urls.push_back(url);
      sink = std::move(its_sink);
      outcome = {};
      return outcome.get_future();
    };
  }
  void ask(WgetModule& module, const std::string& name, std::string_view content_to_hash = {}) {
    if (!content_to_hash.empty()) {
      Bytes sha384 = crypto::hash(crypto::HashAlg::sha384, {as_view(content_to_hash)});
      must(module.receive("sha-384", Writer().bytes(sha384).take(), out));
    }
    must(module.receive("name", text(name), out));
    must(module.receive("url", text("http://h/x"), out));
  }
  std::vector<std::string> urls;
  Sink sink;
  std::promise<Result<void>> outcome;
};

TEST_F(Wget, StoresWhatIsFetchedInPartsOnceAllOfItIsThere) {
  WgetModule module(facts);
  ask(module, "x", "a page");
  must(sink(as_view("a ")));
  must(module.speak(out));
  EXPECT_TRUE(said().empty());
  must(sink(as_view("page")));
  EXPECT_FALSE(fs::exists(facts.work / "x"));
  outcome.set_value(ok());
  must(module.speak(out));
  EXPECT_EQ(said(), std::vector<std::string>{"fdo.wget:done=06"});
  EXPECT_EQ(get("x"), "a page");
}

TEST_F(Wget, AnOutsideNameIsRefusedBeforeAnythingIsFetched) {
  WgetModule module(facts);
  ask(module, "../x");
  EXPECT_TRUE(said()[0].starts_with("fdo.wget:error="));
  EXPECT_TRUE(urls.empty());
}

TEST_F(Wget, WhatIsNotRightOrNotWholeLeavesNothing) {
  for (bool whole : {true, false}) {
    WgetModule module(facts);
    ask(module, "x", "another page");
    must(sink(as_view("page")));
    outcome.set_value(whole ? ok() : Result<void>(fail(Errc::io, "the connection broke")));
    must(module.speak(out));
    EXPECT_TRUE(said()[0].starts_with("fdo.wget:error=")) << whole;
    EXPECT_TRUE(fs::is_empty(facts.work)) << whole;
  }
}

TEST_F(Wget, AnEmptyFileIsAFileToo) {
  WgetModule module(facts);
  ask(module, "empty");
  outcome.set_value(ok());
  must(module.speak(out));
  EXPECT_EQ(said(), std::vector<std::string>{"fdo.wget:done=00"});
  EXPECT_TRUE(fs::exists(facts.work / "empty"));
}

TEST_F(Wget, ARunThatEndsMeanwhileEndsTheFetchAndLeavesNothing) {
  {
    WgetModule module(facts);
    ask(module, "x");
    must(sink(as_view("half")));
  }
  auto late = sink(as_view("more"));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::cancelled);
  sink = nullptr;
  EXPECT_TRUE(fs::is_empty(facts.work));
}

TEST_F(Modules, WhatAPowerCutLeftHalfWrittenIsClearedAwayAndNothingElse) {
  fs::create_directory(facts.work / "sub");
  put("sub/.new-0011", "half");
  put(".new-0022", "half");
  put("whole", "x");
  must(WorkingDirectory(facts.work).clear_unfinished());
  EXPECT_TRUE(fs::is_empty(facts.work / "sub"));
  EXPECT_FALSE(fs::exists(facts.work / ".new-0022"));
  EXPECT_EQ(get("whole"), "x");
  must(WorkingDirectory(folder.path() / "none").clear_unfinished());
}

TEST_F(Modules, ACommandThatIsNotAllowedIsNotRun) {
  facts.commands = {"/bin/true"};
  CommandModule module(facts, report);
  must(module.receive("command", text("/bin/sh"), out));
  EXPECT_FALSE(module.receive("execute", Writer().null().take(), out).has_value());
  EXPECT_EQ(report.failure->reason, Reason::action_impossible);
}

TEST_F(Modules, BothDialectsOfCommandKeepTheLastLineAndTheExitCode) {
  facts.commands = {"/bin/sh"};
  Bytes array = Writer().array(2).text("-c").text("printf 'a\\nb'; exit 3").take();
  for (bool intel : {false, true}) {
    CommandModule module(facts, report);
    must(module.receive("command", text("/bin/sh"), out));
    must(module.receive("args", intel ? array : Writer().bytes(array).take(), out));
    must(module.receive("may_fail", flag(true), out));
    must(module.receive("return_stdout", flag(true), out));
    must(module.receive("execute", intel ? array : Writer().null().take(), out));
    EXPECT_EQ(said(),
              (std::vector<std::string>{"fdo.command:stdout=43610a62", "fdo.command:exitcode=03"}));
  }
}

TEST(Command, IsKilledWhenItTakesTooLong) {
  test::TemporaryDirectory folder;
  auto result = run_command({"/bin/sh", "-c", "sleep 100 & sleep 100"}, folder.path(),
                            std::chrono::seconds(0));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Errc::timed_out);
}

TEST(Command, ThatSaysTooMuchIsCutAndNotHeldUp) {
  test::TemporaryDirectory folder;
  auto result = must(run_command({"/bin/sh", "-c", "head -c 300000 /dev/zero"}, folder.path(),
                                 std::chrono::seconds(20)));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out.size(), 60'000u);
}

}  // namespace
}  // namespace fairlead::device
