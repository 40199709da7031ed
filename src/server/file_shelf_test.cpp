// SPDX-License-Identifier: Apache-2.0
#include "server/file_shelf.h"

#include <gtest/gtest.h>

#include <fstream>

#include "crypto/hash.h"
#include "support/must.h"
#include "support/temporary_directory.h"

namespace fairlead::server {
namespace {

namespace fs = std::filesystem;
using test::must;

class Shelf : public testing::Test {
 protected:
  void put(const std::string& name, std::string_view content) {
    std::ofstream(folder.path() / name) << content;
  }
  static Bytes sha384(std::string_view content) {
    return crypto::hash(crypto::HashAlg::sha384, {as_view(content)});
  }
  test::TemporaryDirectory folder;
  FileShelf shelf{folder.path()};
};

TEST_F(Shelf, AFileIsDescribedAndReadInStretches) {
  put("firmware.bin", "0123456789");
  auto file = shelf.find("firmware.bin");
  auto is = must(file->describe());
  EXPECT_EQ(is.size, 10u);
  EXPECT_EQ(is.sha384, sha384("0123456789"));
  EXPECT_EQ(must(file->read(0, 4)), to_bytes("0123"));
  EXPECT_EQ(must(file->read(8, 4)), to_bytes("89"));
  EXPECT_TRUE(must(file->read(10, 4)).empty());
  EXPECT_FALSE(file->read(11, 4).has_value());
}

TEST_F(Shelf, AFileThatWasReplacedIsHashedAnew) {
  put("a", "old");
  auto file = shelf.find("a");
  EXPECT_EQ(must(file->describe()).sha384, sha384("old"));
  put("b", "newer");
  fs::rename(folder.path() / "b", folder.path() / "a");
  EXPECT_EQ(must(file->describe()).sha384, sha384("newer"));
}

TEST_F(Shelf, NamesThatLeadOutsideAndWhatIsNoPlainFileAreRefused) {
  put("real", "x");
  put(".hidden", "x");
  fs::create_directory(folder.path() / "sub");
  fs::create_symlink(folder.path() / "real", folder.path() / "link");
  for (std::string name :
       {"", "../etc/passwd", "/etc/passwd", "sub/x", ".hidden", "..", "sub", "link"}) {
    EXPECT_FALSE(shelf.find(name)->describe().has_value()) << name;
    EXPECT_FALSE(shelf.find(name)->read(0, 1).has_value()) << name;
  }
  auto none = shelf.find("none")->describe();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::not_found);
}

}  // namespace
}  // namespace fairlead::server
