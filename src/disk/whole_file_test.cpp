// SPDX-License-Identifier: Apache-2.0
#include "disk/whole_file.h"

#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace fairlead::disk {
namespace {

TEST(WholeFile, ComesBackUpToItsLimitAndIsRefusedBeyond) {
  test::TemporaryDirectory folder;
  auto file = folder.path() / "a";
  const std::string content(200'000, 'x');
  ASSERT_TRUE(replace_file(file, content, 0600));
  auto back = read_file(file, content.size());
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, content);
  auto large = read_file(file, content.size() - 1);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Errc::io);
  EXPECT_NE(large.error().context.find("larger than 195 KiB"), std::string::npos);
}

TEST(WholeFile, OneThatIsNotThereIsToldFromOneThatCannotBeRead) {
  test::TemporaryDirectory folder;
  EXPECT_EQ(read_file(folder.path() / "none", 10).error().code, Errc::not_found);
  auto of_a_folder = read_file(folder.path(), 10);
  ASSERT_FALSE(of_a_folder);
  EXPECT_EQ(of_a_folder.error().code, Errc::io);
}

TEST(WholeFile, AReplacedFileHasTheModeThatWasAsked) {
  test::TemporaryDirectory folder;
  auto file = folder.path() / "a";
  ASSERT_TRUE(replace_file(file, "old", 0644));
  ASSERT_TRUE(replace_file(file, "new", 0600));
  EXPECT_EQ(*read_file(file, 10), "new");
  auto mode = std::filesystem::status(file).permissions();
  EXPECT_EQ(mode & std::filesystem::perms::all,
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_FALSE(replace_file(folder.path() / "no" / "folder", "x", 0600));
}

}  // namespace
}  // namespace fairlead::disk
