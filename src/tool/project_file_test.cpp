// SPDX-License-Identifier: Apache-2.0
#include "tool/project_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "disk/whole_file.h"
#include "support/temporary_directory.h"
#include "tool/journal_file.h"

namespace fairlead::tool {
namespace {

struct ProjectFileTest : testing::Test {
  test::TemporaryDirectory folder;
  std::string path = (folder.path() / "hall.plan").string();

  client::JournalLine line(client::Step step) {
    client::JournalLine out;
    out.row = "r";
    out.step = step;
    return out;
  }
};

TEST_F(ProjectFileTest, IsReadableByItsOwnerOnlyAndComesBack) {
  EXPECT_EQ(ProjectFile::open(path).error().code, Errc::not_found);
  auto project = ProjectFile::open(path, ProjectFile::IfMissing::begin);
  ASSERT_TRUE(project);
  client::Row row;
  row.id = "r";
  row[client::Field::code] = "secret";
  project->plan.rows.push_back(row);
  ASSERT_TRUE(project->save());
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(ProjectFile::open(path)->plan.rows, project->plan.rows);
}

TEST_F(ProjectFileTest, TheJournalIsForOneProgramAndSurvivesATornEnd) {
  std::string journal = path + ".journal";
  {
    auto mine = JournalFile::open(journal);
    ASSERT_TRUE(mine);
    ASSERT_TRUE((*mine)->add(line(client::Step::done)));
    auto theirs = JournalFile::open(journal);
    ASSERT_FALSE(theirs);
    EXPECT_EQ(theirs.error().code, Errc::busy);
  }
  auto whole = disk::read_file(journal, 1 << 20).value();
  ASSERT_TRUE(disk::replace_file(journal, whole + whole.substr(0, 10), 0600));
  EXPECT_EQ(JournalFile::read(journal)->find("r")->last, client::Step::done);
  ASSERT_TRUE((*JournalFile::open(journal))->add(line(client::Step::failed)));
  EXPECT_EQ(JournalFile::read(journal)->find("r")->last, client::Step::failed);
}

}  // namespace
}  // namespace fairlead::tool
