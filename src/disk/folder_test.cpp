// SPDX-License-Identifier: Apache-2.0
#include "disk/folder.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/must.h"
#include "support/temporary_directory.h"

namespace fairlead::disk {
namespace {

namespace fs = std::filesystem;
using test::must;

class Folder : public testing::Test {
 protected:
  Folder() : fd(::open(outer.path().c_str(), O_RDONLY | O_DIRECTORY)) {}
  std::string get(const std::string& name) {
    std::ifstream in(outer.path() / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  Result<void> put(const std::string& name, std::string_view text, IfThere if_there,
                   const Steps& steps = {}) {
    return write_file(fd.get(), name, as_view(text), 0600, if_there, steps);
  }
  test::TemporaryDirectory outer;
  Descriptor fd;
};

TEST_F(Folder, AFileIsReplacedOrIsInTheWayAsIsWanted) {
  must(put("a", "old", IfThere::conflict));
  auto taken = put("a", "new", IfThere::conflict);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Errc::conflict);
  EXPECT_EQ(get("a"), "old");
  must(put("a", "new", IfThere::replace));
  EXPECT_EQ(get("a"), "new");
  EXPECT_EQ(must(list_folder(fd.get())), std::vector<std::string>{"a"});
}

// At a failed step the name has its old content or the new one, and nothing lies beside it.
TEST_F(Folder, AStepThatFailsLeavesOldOrNew) {
  for (IfThere if_there : {IfThere::replace, IfThere::conflict}) {
    for (std::string_view broken : {"a.before", "a.written", "a.synced", "a.linked", "a.done"}) {
      fs::remove(outer.path() / "a");
      if (if_there == IfThere::replace) must(put("a", "old", IfThere::replace));
      bool asked = false;
      Checkpoint checkpoint = [&](std::string_view point) -> Result<void> {
        asked |= point == broken;
        return point == broken ? Result<void>(fail(Errc::io, "broken")) : ok();
      };
      auto written = put("a", "new", if_there, {&checkpoint, "a"});
      EXPECT_EQ(written.has_value(), !asked) << broken;
      std::string now = get("a");
      EXPECT_TRUE(now == "new" || now == (if_there == IfThere::replace ? "old" : "")) << broken;
      for (const std::string& name : must(list_folder(fd.get()))) EXPECT_EQ(name, "a") << broken;
    }
  }
}

TEST_F(Folder, WhatACrashLeftIsClearedAway) {
  std::ofstream(outer.path() / ".new-0011") << "half";
  std::ofstream(outer.path() / "whole") << "x";
  must(clear_unfinished(fd.get()));
  EXPECT_EQ(must(list_folder(fd.get())), std::vector<std::string>{"whole"});
}

TEST_F(Folder, AFileThatIsGivenUpLeavesNothing) {
  {
    auto file = must(NewFile::begin(fd.get(), 0600));
    must(file.write(as_view("half")));
    NewFile moved = std::move(file);
    EXPECT_FALSE(fs::is_empty(outer.path()));
  }
  EXPECT_TRUE(fs::is_empty(outer.path()));
}

TEST_F(Folder, AFullDiskIsSaidInTheSystemsWords) {
  Descriptor full(::open("/dev/full", O_WRONLY));
  auto written = write_all(full.get(), as_view("x"));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().context, "writing: No space left on device");
}

TEST_F(Folder, AFolderIsMadeWithItsParentsAndIsLeftAsItIs) {
  fs::path deep = outer.path() / "a" / "b" / "c";
  must(make_folder(deep, 0700));
  EXPECT_EQ(fs::status(deep).permissions(), fs::perms::owner_all);
  must(make_folder(deep / "", 0755));
  EXPECT_EQ(fs::status(deep).permissions(), fs::perms::owner_all);
}

}  // namespace
}  // namespace fairlead::disk
