// SPDX-License-Identifier: Apache-2.0
#include "tool/workbook.h"

#include <gtest/gtest.h>
#include <zip.h>

#include "disk/whole_file.h"
#include "support/temporary_directory.h"
#include "tool/project_file.h"

namespace fairlead::tool {
namespace {

constexpr std::string_view list =
    R"(<workbook xmlns:r="r"><sheets><sheet name="First" sheetId="1" r:id="rId1"/>)"
    R"(<sheet name="Second" sheetId="2" r:id="rId2"/></sheets></workbook>)";
constexpr std::string_view relations =
    R"(<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/>)"
    R"(<Relationship Id="rId2" Target="/xl/worksheets/sheet2.xml"/></Relationships>)";

struct WorkbookTest : testing::Test {
  test::TemporaryDirectory folder;

  Bytes zipped(const std::vector<std::pair<std::string, std::string>>& parts) {
    std::string path = (folder.path() / "made.xlsx").string();
    int error = 0;
    zip_t* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &error);
    for (const auto& [name, content] : parts)
      zip_file_add(zip, name.c_str(), zip_source_buffer(zip, content.data(), content.size(), 0), 0);
    zip_close(zip);
    return to_bytes(disk::read_file(path, 1 << 20).value());
  }
  Bytes book(const std::string& cells, const std::string& shared = "<sst/>") {
    return zipped({{"xl/workbook.xml", std::string(list)},
                   {"xl/_rels/workbook.xml.rels", std::string(relations)},
                   {"xl/sharedStrings.xml", shared},
                   {"xl/worksheets/sheet1.xml",
                    "<worksheet><sheetData>" + cells + "</sheetData></worksheet>"},
                   {"xl/worksheets/sheet2.xml", "<worksheet/>"}});
  }
  std::string refusal(const Bytes& file) {
    auto sheet = read_workbook(file, "");
    return sheet ? "it was read" : sheet.error().context;
  }
};

TEST_F(WorkbookTest, CellsOfEveryKindAreReadAsAPersonSeesThem) {
  auto sheet = read_workbook(
      book(
          R"(<row r="2"><c r="A2" t="s"><v>1</v></c><c r="C2"><v>4711</v></c>)"
          R"(<c r="D2"><v>1.5E3</v></c><c r="E2"><v>0.25</v></c></row>)"
          R"(<row r="7"><c r="A7" t="inlineStr"><is><t>in</t><r><t>line</t></r></is></c>)"
          R"(<c r="B7" t="str"><f>A1&amp;"x"</f><v>computed</v></c><c r="C7" t="b"><v>1</v></c></row>)",
          R"(<sst><si><t>no</t></si><si><r><t>P</t></r><r><t>umpe ü</t></r><rPh><t>x</t></rPh></si></sst>)"),
      "First");
  ASSERT_TRUE(sheet) << sheet.error().context;
  ASSERT_EQ(sheet->rows.size(), 2u);
  EXPECT_EQ(sheet->rows[0].number, 2u);
  EXPECT_EQ(sheet->rows[0].cells,
            (std::vector<std::string>{"Pumpe ü", "", "4711", "1500", "0.25"}));
  EXPECT_EQ(sheet->rows[1].number, 7u);
  EXPECT_EQ(sheet->rows[1].cells, (std::vector<std::string>{"inline", "computed", "TRUE"}));
}

TEST_F(WorkbookTest, RefusalsNameSheetRowAndColumn) {
  EXPECT_EQ(refusal(book(R"(<row r="3"><c r="B3" t="e"><v>#REF!</v></c></row>)")),
            "the workbook: sheet First, row 3, column B: the formula's value is the error #REF!");
  EXPECT_EQ(refusal(book(R"(<row><c t="s"><v>9</v></c></row>)")),
            "the workbook: sheet First, row 1, column A: no text of that number");
  EXPECT_NE(refusal(book(R"(<row><c r="ZZZ1"><v>9</v></c></row>)")).find("more columns"),
            std::string::npos);
  EXPECT_NE(
      refusal(book("<row><c><v>" + std::string(client::cell_bytes_max + 1, '1') + "</v></c></row>"))
          .find("too long"),
      std::string::npos);
}

TEST_F(WorkbookTest, EntitiesAndDeepNestingAreRefused) {
  auto bomb = zipped(
      {{"xl/workbook.xml",
        R"(<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><workbook>&b;</workbook>)"}});
  EXPECT_EQ(refusal(bomb), "the workbook: it declares a document type");
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<x>";
  EXPECT_EQ(refusal(zipped({{"xl/workbook.xml", deep}})), "the workbook: it is nested too deeply");
}

// Small files that would fill the memory.
TEST_F(WorkbookTest, BombsAreRefused) {
  std::string cells;
  for (int i = 0; i < 200; ++i) cells += R"(<c t="s"><v>0</v></c>)";
  std::string rows;
  for (int i = 0; i < 50; ++i) rows += "<row>" + cells + "</row>";
  std::string text(client::cell_bytes_max, 'x');
  EXPECT_NE(refusal(book(rows, "<sst><si><t>" + text + "</t></si></sst>")).find("more text"),
            std::string::npos);
  std::string blanks(workbook_part_bytes_max, ' ');
  EXPECT_EQ(refusal(zipped({{"xl/workbook.xml", "<workbook>" + blanks + "</workbook>"}})),
            "the workbook: xl/workbook.xml is too large");
}

TEST_F(WorkbookTest, WhatIsCutOffOrNoWorkbookIsRefused) {
  Bytes whole = book("<row><c><v>1</v></c></row>");
  ASSERT_TRUE(read_workbook(whole, ""));
  for (std::size_t length = 0; length < whole.size(); length += 7)
    EXPECT_FALSE(read_workbook(View(whole).first(length), "")) << length;
  EXPECT_FALSE(read_workbook(as_view("PK\x03\x04"), ""));
  EXPECT_NE(refusal(zipped({{"a", "b"}})).find("xl/workbook.xml"), std::string::npos);
  auto other = read_workbook(whole, "Third");
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().context.find("First, Second"), std::string::npos);
}

TEST_F(WorkbookTest, WhatIsWrittenComesBackAndNothingIsAFormula) {
  std::string path = (folder.path() / "out.xlsx").string();
  const std::vector<std::vector<std::string>> rows{
      {"Name", "Serial"}, {"=1+1", "00471"}, {"ü", "x"}};
  auto written = write_table(path, "Report", rows, 0600);
  ASSERT_TRUE(written) << written.error().context;
  auto sheet = read_table(path, "Report");
  ASSERT_TRUE(sheet) << sheet.error().context;
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(sheet->rows[i].cells, rows[i]);
  EXPECT_FALSE(write_table((folder.path() / "no/such/folder.xlsx").string(), "Report", rows, 0644));
}

TEST_F(WorkbookTest, WhatHoldsCodesIsReadableByItsOwnerOnly) {
  for (const char* name : {"plan.xlsx", "plan.csv"}) {
    auto path = folder.path() / name;
    ASSERT_TRUE(write_table(path.string(), "Plan", {{"code"}, {"1"}}, 0600));
    EXPECT_EQ(std::filesystem::status(path).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    EXPECT_TRUE(read_table(path.string(), "")) << name;
  }
}

TEST_F(WorkbookTest, ATableIsReadByWhatItIsAndNotByItsName) {
  std::string path = (folder.path() / "table.xlsx").string();
  ASSERT_TRUE(disk::replace_file(path, "name;serial\na;1\n", 0600));
  EXPECT_EQ(read_table(path, "")->rows.size(), 2u);
  EXPECT_EQ(read_table((folder.path() / "none").string(), "").error().code, Errc::not_found);
}

}  // namespace
}  // namespace fairlead::tool
