// SPDX-License-Identifier: Apache-2.0
#include "device/stick_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "support/must.h"
#include "support/temporary_directory.h"

namespace fairlead::device {
namespace {

namespace fs = std::filesystem;
using test::must;

struct OnAStick : testing::Test {
  OnAStick() { fs::create_directory(at()); }
  fs::path at() const { return stick.path() / "fairlead"; }
  StickFolder folder() { return std::move(*must(StickFolder::look(stick.path(), "SN-1"))); }
  void put(const std::string& name, const std::string& text) { std::ofstream(at() / name) << text; }
  test::TemporaryDirectory stick;
};

TEST(StickNames, AreThoseThatFatKeeps) {
  EXPECT_EQ(stick_file_stem("SN-17_B"), "SN-17_B");
  for (const std::string& other :
       {std::string("sn-17"), std::string("A/B"), std::string("../A"), std::string("A."),
        std::string("CON"), std::string("COM1"), std::string("A:B"), std::string("Ü1"),
        std::string(49, 'A'), std::string()}) {
    EXPECT_EQ(stick_file_stem(other).size(), 26u) << other;
    EXPECT_TRUE(stick_file_stem(other).starts_with("h-")) << other;
  }
  EXPECT_NE(stick_file_stem("sn-17"), stick_file_stem("Sn-17")) << "one file to FAT";
}

TEST_F(OnAStick, WhatIsWrittenIsReadAndAnEmptyFileIsNone) {
  EXPECT_FALSE(must(folder().read()));
  must(folder().write("one"));
  must(folder().write("two"));
  EXPECT_EQ(must(folder().read()), "two");
  must(folder().tell("words"));
  put("SN-1.json", "");
  EXPECT_FALSE(must(folder().read()));
}

TEST_F(OnAStick, WhatAPulledStickLeftBehindIsClearedAway) {
  put(".new-0011223344556677", "half");
  must(folder().write("whole"));
  EXPECT_FALSE(fs::exists(at() / ".new-0011223344556677"));
}

TEST_F(OnAStick, WithoutItsFolderAStickIsNotForUs) {
  fs::remove(at());
  EXPECT_FALSE(must(StickFolder::look(stick.path(), "SN-1")));
  EXPECT_FALSE(must(StickFolder::look(stick.path() / "none", "SN-1")));
  put("../fairlead", "a file of that name");
  EXPECT_FALSE(must(StickFolder::look(stick.path(), "SN-1")));
}

TEST_F(OnAStick, LinksAreNotFollowed) {
  test::TemporaryDirectory elsewhere;
  std::ofstream(elsewhere.path() / "secret") << "secret";
  fs::create_symlink(elsewhere.path() / "secret", at() / "SN-1.json");
  EXPECT_FALSE(folder().read());
  must(folder().write("ours"));  // takes the link's place
  EXPECT_FALSE(fs::is_symlink(at() / "SN-1.json"));
  fs::remove_all(at());
  fs::create_directory_symlink(elsewhere.path(), at());
  auto looked = StickFolder::look(stick.path(), "SN-1");
  EXPECT_TRUE(!looked || !*looked);
}

TEST_F(OnAStick, NeitherPipesNorFoldersNorLargeFilesAreRead) {
  ::mkfifo((at() / "SN-1.json").c_str(), 0600);
  EXPECT_FALSE(folder().read());
  fs::remove(at() / "SN-1.json");
  fs::create_directory(at() / "SN-1.json");
  EXPECT_FALSE(folder().read());
  fs::remove(at() / "SN-1.json");
  put("SN-1.json", std::string(stick_file_bytes_max, 'x'));
  EXPECT_TRUE(folder().read());
  put("SN-1.json", std::string(stick_file_bytes_max + 1, 'x'));
  EXPECT_FALSE(folder().read());
}

}  // namespace
}  // namespace fairlead::device
