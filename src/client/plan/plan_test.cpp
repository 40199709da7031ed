// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "client/plan/compare.h"
#include "client/plan/edit.h"
#include "client/plan/import.h"
#include "client/plan/network_wish.h"
#include "client/plan/project.h"
#include "crypto/system_random.h"

namespace fairlead::client {
namespace {

crypto::SystemRandom random_source;

std::expected<Imported, Refused> import_text(const std::string& text, const Plan& before = {},
                                             const NamedColumns& named = {}) {
  return import_sheet(decode_csv(as_view(text)).value(), before, named, random_source);
}
std::string first_complaint(const std::string& text) {
  auto refused = import_text(text);
  return refused ? "imported" : in_words(refused.error().complaints.front(), "");
}

TEST(Csv, TakesWhatSpreadsheetsWrite) {
  const std::vector<std::vector<std::string>> wanted{{"Name", "Ort"},
                                                     {"Pumpe \"1\"", "Süd\nHalle"}};
  const std::string quoted = "\"Pumpe \"\"1\"\"\"";
  std::string utf16 = "\xff\xfe";
  for (char c : std::string("Name\tOrt\r\n" + quoted + "\t\"S")) utf16 += c, utf16 += '\0';
  utf16 += std::string("\xfc\0", 2);
  for (char c : std::string("d\nHalle\"\r\n")) utf16 += c, utf16 += '\0';
  for (const std::string& file : {"Name;Ort\r\n" + quoted + ";\"Süd\nHalle\"\r\n",
                                  "\xef\xbb\xbfName,Ort\n" + quoted + ",\"Süd\nHalle\"",
                                  "sep=;\r\nName;Ort\r\n\r\n" + quoted + ";\"Süd\nHalle\"\r\n;\r\n",
                                  "Name;Ort\r" + quoted +
                                      ";\"S\xfc"
                                      "d\nHalle\"",
                                  utf16}) {
    auto sheet = decode_csv(as_view(file));
    ASSERT_TRUE(sheet) << sheet.error().context;
    ASSERT_EQ(sheet->rows.size(), 2u) << file;
    for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(sheet->rows[i].cells, wanted[i]) << file;
  }
}

TEST(Csv, CountsLinesAsAPersonDoes) {
  auto sheet = decode_csv(as_view("a;b\n\n\"two\nlines\";x\nlast;y\n"));
  ASSERT_TRUE(sheet);
  EXPECT_EQ(sheet->rows[1].number, 3u);
  EXPECT_EQ(sheet->rows[2].number, 5u);
}

TEST(Csv, RefusesWithLineAndColumn) {
  EXPECT_EQ(decode_csv(as_view("a;b\nx;\"open")).error().context,
            "line 2, column B: a quoted cell that doesn't end");
  EXPECT_EQ(decode_csv(as_view("a;b\n\"x\"y;z")).error().context,
            "line 2, column A: text after the quote that ends a cell");
  EXPECT_FALSE(decode_csv(as_view(std::string("a\0b", 3))));
  EXPECT_FALSE(decode_csv(as_view("\xff\xfe\x41")));
  EXPECT_FALSE(decode_csv(as_view("\xef\xbb\xbf\xff")));
  EXPECT_FALSE(decode_csv(as_view(std::string(sheet_columns_max, ';'))));
  EXPECT_TRUE(decode_csv(as_view(std::string(sheet_columns_max - 1, ';'))));
  EXPECT_FALSE(decode_csv(as_view("\"" + std::string(cell_bytes_max + 1, 'x') + "\"")));
  EXPECT_TRUE(decode_csv(as_view("\"" + std::string(cell_bytes_max, 'x') + "\"")));
}

TEST(Csv, FormulasGoOutAsTextAndComeBack) {
  for (const char* cell : {"=1+1", "+49 30", "-5", "@x", "plain", "'quoted"}) {
    auto back = decode_csv(as_view(encode_csv({{"h"}, {cell}})));
    ASSERT_TRUE(back);
    const std::string& out = back->rows[1].cells[0];
    EXPECT_EQ(std::string_view("=+-@").find(out.front()), std::string_view::npos) << out;
    EXPECT_EQ(without_guard(out), cell);
  }
}

TEST(Columns, LettersAreThoseOfSpreadsheets) {
  EXPECT_EQ(column_letters(0), "A");
  EXPECT_EQ(column_letters(25), "Z");
  EXPECT_EQ(column_letters(26), "AA");
  EXPECT_EQ(column_letters(701), "ZZ");
  EXPECT_EQ(column_letters(702), "AAA");
}

TEST(Import, KnowsGermanAndEnglishHeaders) {
  auto imported =
      import_text("Bezeichnung;Hersteller;Serial No.;Einbauort\npump 1;Acme;SN-1;Hall\n");
  ASSERT_TRUE(imported);
  const Row& row = imported->plan.rows.front();
  EXPECT_EQ(row[Field::name], "pump 1");
  EXPECT_EQ(row[Field::vendor], "Acme");
  EXPECT_EQ(row[Field::serial], "SN-1");
  EXPECT_EQ(row[Field::location], "Hall");
  EXPECT_EQ(row.id.size(), 36u);
}

TEST(Import, RowsKeepTheirIdsAndMissingOnesArePutAside) {
  auto first = import_text("name;serial;code\na;1;secret-1\nb;2;secret-2\n");
  ASSERT_TRUE(first);
  auto second = import_text("serial;name\n1;renamed\n3;c\n", first->plan);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->added, 1u);
  EXPECT_EQ(second->changed, 1u);
  EXPECT_EQ(second->removed, 1u);
  const Row* kept = second->plan.find(first->plan.rows[0].id);
  ASSERT_TRUE(kept);
  EXPECT_EQ((*kept)[Field::name], "renamed");
  EXPECT_EQ((*kept)[Field::code], "secret-1") << "the table has no column for it";
  EXPECT_TRUE(second->plan.find(first->plan.rows[1].id)->removed);
  auto third = import_text("name;serial;code\na;1;secret-1\nb;2;secret-2\n", second->plan);
  ASSERT_TRUE(third);
  EXPECT_FALSE(third->plan.find(first->plan.rows[1].id)->removed) << "it is back";
}

TEST(Import, AMappingIsRememberedForTheSameHeaders) {
  const std::string table = "KKS;SNr\n1LAC10;SN-1\n";
  EXPECT_FALSE(import_text(table));
  auto first = import_text(table, {}, {{"kks", Field::name}, {"SNr", Field::serial}});
  ASSERT_TRUE(first);
  auto again = import_text("KKS;SNr\n1LAC20;SN-2\n", first->plan);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->plan.rows.front()[Field::name], "1LAC20");
  auto kept = decode_project(encode_project(again->plan));
  ASSERT_TRUE(kept) << kept.error().context;
  EXPECT_TRUE(import_text(table, *kept));
}

TEST(Import, SaysBeforehandWhatEachColumnMeans) {
  const Sheet table = decode_csv(as_view("id;KKS;Serial;Farbe\n;;;\n;1LAC10;SN-1;red\n")).value();
  auto columns = columns_of(table, {});
  ASSERT_EQ(columns.size(), 4u);
  EXPECT_TRUE(columns[0].is_id);
  EXPECT_EQ(columns[1].example, "1LAC10");
  EXPECT_EQ(columns[1].field, std::nullopt);
  EXPECT_EQ(columns[2].field, Field::serial);
  auto imported = import_sheet(table, {}, {{"KKS", Field::name}, {"Serial", {}}}, random_source);
  ASSERT_TRUE(imported);
  EXPECT_EQ(imported->plan.rows.front()[Field::serial], "");  // a person said: passed over
  columns = columns_of(table, imported->plan);
  EXPECT_EQ(columns[1].field, Field::name);
  EXPECT_EQ(columns[2].field, std::nullopt);
}

TEST(Import, EachComplaintNamesRowAndColumn) {
  EXPECT_EQ(first_complaint("name;serial\na;1\nb;1\n"),
            "row 3: its vendor and serial stand in row 2 already");
  EXPECT_EQ(first_complaint("name;serial;address\na;1;not an address\n"),
            "row 2, column C (address): 'not an address' is no address, as 10.77.0.5:8080 or "
            "[fe80::1%eth0]:8080");
  EXPECT_EQ(first_complaint("name;type\n;Pump\n"),
            "row 2: neither product URI nor serial nor name: what is it?");
  EXPECT_EQ(first_complaint("foo;bar\n1;2\n"),
            "row 1: no column is known here; say which is which: --map \"HEADER=FIELD\"");
  EXPECT_EQ(first_complaint("serial;S/N\n1;2\n"),
            "row 1, column B (S/N): means serial, as column A (serial) does already");
  EXPECT_EQ(first_complaint(""), "the table is empty");
}

TEST(Import, NothingIsTakenOverWhenOneRowIsBadAndComplaintsAreBounded) {
  std::string text = "name;serial\n";
  for (int i = 0; i < 500; ++i) text += "x;same\n";
  auto refused = import_text(text);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().complaints.size(), complaints_max);
  EXPECT_EQ(refused.error().more, 499 - complaints_max);
}

TEST(Import, AHundredThousandRowsAreAPlanAndOneMoreIsNot) {
  std::string text = "name;serial\n";
  for (std::size_t i = 0; i < plan_rows_max; ++i) text += "pump;S" + std::to_string(i) + "\n";
  auto imported = import_text(text);
  ASSERT_TRUE(imported);
  EXPECT_EQ(imported->added, plan_rows_max);
  auto again = import_text(text, imported->plan);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->unchanged, plan_rows_max);
  EXPECT_FALSE(decode_csv(as_view(text + "one;more\n")));
}

TEST(Project, ComesBackAsItWas) {
  auto imported = import_text("name;serial;code;new address\na;1;c0de;10.0.0.5/24\n");
  ASSERT_TRUE(imported);
  imported->plan.ignored = {"serial:Acme/7"};
  imported->plan.rows[0].removed = true;
  auto back = decode_project(encode_project(imported->plan));
  ASSERT_TRUE(back) << back.error().context;
  EXPECT_EQ(back->rows, imported->plan.rows);
  EXPECT_EQ(back->ignored, imported->plan.ignored);
}

TEST(Project, RefusesWhatIsNone) {
  const std::string head = R"({"format":"fairlead-plan","version":1,"rows":)";
  for (const std::string& bad :
       {std::string("x"), std::string("{}"), std::string(R"({"format":"fairlead-plan"})"),
        head + "[1]}", head + R"([{"id":"a"},{"id":"a"}]})", head + R"([{"id":"a","colour":"x"}]})",
        head + R"([{"id":"a","name":1}]})", head + R"([{"id":"a","gateway":"x"}]})"})
    EXPECT_FALSE(decode_project(bad)) << bad;
  auto newer = decode_project(R"({"format":"fairlead-plan","version":2})");
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, Errc::unsupported);
}

TEST(NetworkWish, IsWhatTheRowSays) {
  Row row;
  EXPECT_FALSE(network_wish(row));
  row[Field::new_address] = "10.77.0.5/24";
  row[Field::gateway] = "10.77.0.1";
  row[Field::name_servers] = "10.77.0.1 fd77::1";
  auto wish = network_wish(row);
  ASSERT_TRUE(wish);
  EXPECT_EQ(wish->address->address, "10.77.0.5");
  EXPECT_EQ(wish->address->prefix, 24);
  EXPECT_EQ(wish->address->gateway, "10.77.0.1");
  EXPECT_EQ(wish->name_servers.size(), 2u);
  for (const char* bad :
       {"10.77.0.5", "10.77.0.5/33", "10.77.0.5/0", "x/24", "10.77.0.5/24x", "fe80::1%eth0/64"})
    EXPECT_FALSE(parse_prefix_address(bad)) << bad;
}

// A plan and a plant beside it.
struct CompareTest : testing::Test {
  Plan plan;
  History history;
  Seen seen;

  Row& planned(const std::string& serial, const std::string& type = "Pump") {
    Row row;
    row.id = "row-" + serial;
    row[Field::serial] = serial;
    row[Field::vendor] = "Acme";
    row[Field::type] = type;
    plan.rows.push_back(row);
    return plan.rows.back();
  }
  Sighting sighting(const std::string& serial, const std::string& address = "10.0.0.1") {
    Sighting out;
    out.addresses = {address};
    out.port = 8080;
    out.said.vendor = "Acme";
    out.said.model = "Pump";
    out.said.serial = serial;
    out.said.state = "new";
    out.said.provisioning = "1.0";
    return out;
  }
  void there(const Sighting& each, Time when = Time{std::chrono::seconds(1)}) {
    seen.on(each, when);
  }
  Line only() {
    devices = seen.devices();
    lines = compare(plan, devices, history);
    EXPECT_EQ(lines.size(), 1u);
    return lines.front();
  }
  void happened(const std::string& row, Step step, Time when = {}) {
    JournalLine line;
    line.at = when;
    line.row = row;
    line.step = step;
    line.device = "d-1";
    line.reason = "the reason";
    history.add(line);
  }
  std::vector<const SeenDevice*> devices;
  std::vector<Line> lines;
};

TEST_F(CompareTest, WhatIsThereAsPlannedIsReady) {
  planned("1");
  there(sighting("1"));
  EXPECT_EQ(only().state, RowState::matched);
  EXPECT_TRUE(only().ready);
}

TEST_F(CompareTest, EachOddityHasItsStateAReasonAndIsNotReady) {
  const auto state_of = [&](const std::function<void(Sighting&)>& change) {
    plan.rows.clear();
    seen = Seen();
    planned("1");
    auto one = sighting("1");
    change(one);
    there(one);
    Line line = only();
    EXPECT_FALSE(line.ready);
    EXPECT_NE(line.reason, "");
    EXPECT_NE(line.next, "");
    return line.state;
  };
  EXPECT_EQ(state_of([](Sighting& s) { s.said.model = "Valve"; }), RowState::wrong_type);
  EXPECT_EQ(state_of([](Sighting& s) { s.said.state = "owned"; }), RowState::owned_elsewhere);
  EXPECT_EQ(state_of([](Sighting& s) { s.foreign_source = true; }), RowState::unverified);
  EXPECT_EQ(state_of([](Sighting& s) { s.said.provisioning = ""; }), RowState::matched);
  EXPECT_EQ(state_of([&](Sighting& s) {
              auto other = s;
              other.said.fingerprint = "aa";
              s.said.fingerprint = "bb";
              there(other);
            }),
            RowState::duplicate);
}

TEST_F(CompareTest, AnotherFirmwareDiffersAndIsReadyAllTheSame) {
  planned("1")[Field::firmware] = "2.0";
  auto one = sighting("1");
  one.said.firmware = "1.0";
  there(one);
  Line line = only();
  EXPECT_EQ(line.state, RowState::differs);
  EXPECT_TRUE(line.ready);
  ASSERT_EQ(line.differences.size(), 1u);
  EXPECT_EQ(line.differences[0].found, "1.0");
}

TEST_F(CompareTest, ProductUriGoesBeforeSerialAlsoByItsHash) {
  const std::string uri = "https://acme.example/p?sn=1";
  planned("other")[Field::product_uri] = uri;
  auto one = sighting("1");
  one.said.product_hash = "wrong";
  there(one);
  devices = seen.devices();
  EXPECT_EQ(compare(plan, devices, history).front().state, RowState::planned);
  seen = Seen();
  one.said.product_hash = "";
  one.said.product_uri = uri;
  there(one);
  EXPECT_EQ(only().state, RowState::matched);
}

TEST_F(CompareTest, ASerialThatStandsTwiceIsMatchedByVendorOnly) {
  planned("1")[Field::vendor] = "";
  there(sighting("1"));
  EXPECT_EQ(only().state, RowState::matched);
  planned("1")[Field::vendor] = "Other";
  devices = seen.devices();
  lines = compare(plan, devices, history);
  EXPECT_EQ(lines[0].state, RowState::planned) << "two rows could be it";
  EXPECT_EQ(lines[1].state, RowState::planned);
  EXPECT_EQ(lines[2].state, RowState::found);
}

TEST_F(CompareTest, AnAddressServesOnlyWhereThereIsNothingElse) {
  planned("1")[Field::address] = "10.0.0.1";
  there(sighting("2"));
  devices = seen.devices();
  lines = compare(plan, devices, history);
  EXPECT_EQ(lines[0].state, RowState::planned) << "another device is at its address";
  plan.rows[0][Field::serial] = "";
  EXPECT_EQ(only().state, RowState::matched);
}

TEST_F(CompareTest, WhatHappenedBeforeStaysKnown) {
  planned("1");
  const std::pair<Step, RowState> cases[] = {{Step::done, RowState::provisioned},
                                             {Step::failed, RowState::failed},
                                             {Step::waiting, RowState::waiting},
                                             {Step::claimed, RowState::in_progress},
                                             {Step::undone, RowState::planned}};
  for (auto [step, state] : cases) {
    history = {};
    happened("row-1", step);
    EXPECT_EQ(only().state, state);
  }
}

TEST_F(CompareTest, WhatFailedBeforeIsReadyAgainOnceItIsThere) {
  planned("1");
  there(sighting("1"));
  happened("row-1", Step::failed);
  EXPECT_EQ(only().state, RowState::failed);
  EXPECT_TRUE(only().ready);
  happened("row-1", Step::done);
  auto owned = sighting("1");
  owned.said.state = "owned";
  there(owned);
  EXPECT_EQ(only().state, RowState::provisioned);
}

TEST_F(CompareTest, WhatWasSeenBeforeItWasProvisionedSaysNothingAboutItNow) {
  planned("1");
  there(sighting("1"));
  happened("row-1", Step::done, Time{std::chrono::seconds(2)});
  EXPECT_EQ(only().state, RowState::provisioned);
  EXPECT_FALSE(only().ready);
  there(sighting("1"), Time{std::chrono::seconds(3)});
  EXPECT_EQ(only().state, RowState::matched);
  EXPECT_NE(only().reason.find("offers itself again"), std::string::npos);
}

TEST_F(CompareTest, IgnoredDevicesAndRemovedRowsAreNotActedOn) {
  planned("1").removed = true;
  there(sighting("1"));
  EXPECT_EQ(only().state, RowState::found);
  plan.ignored = {only().device->key};
  EXPECT_EQ(only().state, RowState::ignored);
  EXPECT_FALSE(only().ready);
}

TEST_F(CompareTest, WhoseButtonWasPressedIsTold) {
  planned("1");
  auto pressed = sighting("1");
  pressed.said.state = "button";
  there(pressed);
  EXPECT_EQ(only().reason, "its button was just pressed");
  EXPECT_TRUE(only().ready);
  EXPECT_TRUE(only().device->button_pressed());
  there(sighting("1"));
  EXPECT_FALSE(only().device->button_pressed());
}

TEST(Edit, ARowIsBoundAsAWholeOrNotAtAll) {
  Row row;
  row[Field::serial] = "SN-1";
  row[Field::code] = "label-code";
  ASSERT_TRUE(bind(row, {"SN-2", "https://acme.example/SN-2"}));
  EXPECT_EQ(row[Field::serial], "SN-2");
  EXPECT_EQ(row[Field::code], "label-code");
  EXPECT_FALSE(bind(row, {"SN-3", std::string(plan_value_bytes_max + 1, 'x')}));
  EXPECT_EQ(row[Field::serial], "SN-2");
}

TEST(Edit, ARowIsFoundByIdNameOrSerialUnlessTwoAreCalledSo) {
  Plan plan;
  plan.rows.resize(2);
  plan.rows[0].id = "row-0";
  plan.rows[1].id = "row-1";
  plan.rows[0][Field::name] = plan.rows[1][Field::name] = "pump";
  plan.rows[1][Field::serial] = "SN-1";
  EXPECT_EQ(find_row(plan, "SN-1").value()->id, "row-1");
  EXPECT_EQ(find_row(plan, "row-0").value()->id, "row-0");
  EXPECT_EQ(find_row(plan, "pump").error().kind, ProblemKind::conflict);
  EXPECT_EQ(find_row(plan, "valve").error().kind, ProblemKind::not_found);
}

}  // namespace
}  // namespace fairlead::client
