// SPDX-License-Identifier: Apache-2.0
#include "client/report/report.h"

#include <gtest/gtest.h>

namespace fairlead::client {
namespace {

using namespace std::chrono_literals;

Row row() {
  Row out;
  out.id = "11111111-1111-4111-8111-111111111111";
  out[Field::name] = "pump 1";
  out[Field::serial] = "SN-1";
  out[Field::code] = "secret";
  return out;
}

TEST(Report, HasALineForEachRowAndNoCodes) {
  Plan plan{{row(), row()}, {}, {}};
  plan.rows[1].id = "2";
  History history;
  JournalLine line;
  line.row = row().id;
  line.step = Step::started;
  line.at = Time{10s};
  history.add(line);
  line.step = Step::done;
  line.at = Time{12500ms};
  line.device = "d-1";
  line.by = "ada";
  history.add(line);
  auto cells = report_of(plan, history);
  ASSERT_EQ(cells.size(), 3u);
  auto at = [&](std::size_t i, const std::string& title) {
    auto column = std::ranges::find(cells[0], title) - cells[0].begin();
    return cells.at(i).at(static_cast<std::size_t>(column));
  };
  EXPECT_EQ(at(1, "Result"), "provisioned");
  EXPECT_EQ(at(1, "Seconds"), "2.5");
  EXPECT_EQ(at(1, "Operator"), "ada");
  EXPECT_EQ(at(2, "Result"), "not begun");
  for (const auto& line_of_cells : cells)
    for (const auto& cell : line_of_cells) EXPECT_EQ(cell.find("secret"), std::string::npos);
}

TEST(Report, ThePlanGoesOutWithItsIdsAndWithCodesOnlyIfAsked) {
  Plan plan{{row()}, {}, {}};
  EXPECT_EQ(table_of(plan, Codes::left_out)[1][0], row().id);
  auto has_code = [&](Codes codes) {
    auto cells = table_of(plan, codes);
    return std::ranges::find(cells[1], "secret") != cells[1].end();
  };
  EXPECT_FALSE(has_code(Codes::left_out));
  EXPECT_TRUE(has_code(Codes::included));
}

TEST(Nameplate, NamesWhatIsMissingInsteadOfExportingHalf) {
  Plan plan{{row()}, {}, {}};
  auto none = nameplates_of(plan, {});
  EXPECT_EQ(none.count, 0u);
  ASSERT_EQ(none.missing.size(), 1u);
  EXPECT_EQ(none.missing[0],
            "pump 1: no product URI, no vendor, no type, no order number, no address of vendor ''");
  Row& whole = plan.rows[0];
  whole[Field::product_uri] = "https://acme.example/p?sn=1";
  whole[Field::vendor] = "Acme";
  whole[Field::type] = "Pump";
  whole[Field::order_number] = "A-1";
  auto one = nameplates_of(plan, {{"Acme", {"Road 1", "12345", "Town", "DE"}}});
  EXPECT_EQ(one.count, 1u);
  const auto& submodel = one.environment.at("submodels").at(0);
  EXPECT_EQ(submodel.at("semanticId").at("keys").at(0).at("value").as_string(),
            "https://admin-shell.io/idta/nameplate/3/0/Nameplate");
  EXPECT_EQ(submodel.at("submodelElements").as_array().size(), 6u);
}

TEST(Vendors, AreReadByName) {
  auto vendors = decode_vendors(
      R"({"Acme": {"street": "Quay 1", "postcode": "20457", "town": "Hamburg", "country": "DE"}})");
  ASSERT_TRUE(vendors);
  EXPECT_EQ(vendors->at("Acme").town, "Hamburg");
}

TEST(Vendors, AreRefusedWithTheNameOfTheOneThatLacksSomething) {
  for (const char* text : {"", "[]", "7", R"({"Acme": 1)"})
    EXPECT_EQ(decode_vendors(text).error().context, "not a JSON object of vendors") << text;
  EXPECT_EQ(decode_vendors(R"({"Acme": {"street": "Quay 1"}})").error().context,
            "vendor 'Acme' lacks street, postcode, town or country");
  EXPECT_FALSE(decode_vendors(std::string(vendors_bytes_max + 1, ' ')));
}

}  // namespace
}  // namespace fairlead::client
