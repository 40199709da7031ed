// SPDX-License-Identifier: Apache-2.0
#include "app/desk/line_model.h"

#include <gtest/gtest.h>

#include <QAbstractItemModelTester>

#include "app/desk/line_facts.h"
#include "app/desk/line_filter.h"

namespace fairlead::app {
namespace {

using client::Field;
using client::RowState;

client::Row row(const char* id, const char* name, const char* serial) {
  client::Row out;
  out.id = id;
  out[Field::name] = name;
  out[Field::serial] = serial;
  out[Field::code] = "secret-code";
  return out;
}

client::Line line(const client::Row& of, RowState state) {
  client::Line out;
  out.row = &of;
  out.state = state;
  out.ready = state == RowState::matched;
  return out;
}

struct Grid : testing::Test {
  client::Row ten = row("id-10", "pump", "SN-10"), two = row("id-2", "Valve", "SN-2");
  LineModel model;
  LineFilter filter{&model};
  QAbstractItemModelTester model_rules{&model,
                                       QAbstractItemModelTester::FailureReportingMode::Fatal};
  QAbstractItemModelTester filter_rules{&filter,
                                        QAbstractItemModelTester::FailureReportingMode::Fatal};

  void show(RowState of_ten, RowState of_two) {
    model.show({line(ten, of_ten), line(two, of_two)});
  }
  QString at(int place, LineModel::Role role) const {
    return filter.index(place, 0).data(role).toString();
  }
};

TEST_F(Grid, OnlyWhatIsReadyCanBeChosenAndIsForgottenWhenItNoLongerIs) {
  show(RowState::matched, RowState::planned);
  filter.chooseAllShown();
  EXPECT_EQ(model.chosen(), QStringList{"id-10"});
  model.choose("id-2", true);
  EXPECT_EQ(model.chosen_count(), 1);
  show(RowState::provisioned, RowState::planned);
  EXPECT_EQ(model.chosen_count(), 0);
}

TEST_F(Grid, AFilterOfEachColumnHasToFitAndExclamationMarksTurnItRound) {
  show(RowState::matched, RowState::planned);
  filter.setFilter("name", "PU");
  ASSERT_EQ(filter.rowCount(), 1);
  EXPECT_EQ(at(0, LineModel::Serial), "SN-10");
  filter.setFilter("status", "planned");
  EXPECT_EQ(filter.rowCount(), 0);
  filter.clearFilters();
  filter.setFilter("status", "!planned");
  EXPECT_EQ(filter.rowCount(), 1);
}

TEST_F(Grid, NumbersInsideOfATextSortAsNumbers) {
  show(RowState::matched, RowState::matched);
  filter.sortBy("serial", false);
  EXPECT_EQ(at(0, LineModel::Serial), "SN-2");
  filter.sortBy("serial", true);
  EXPECT_EQ(at(0, LineModel::Serial), "SN-10");
}

TEST_F(Grid, WhatLeavesThePlanLeavesTheGridAndTheRestKeepsItsPlace) {
  show(RowState::matched, RowState::matched);
  model.choose("id-2", true);
  model.show({line(two, RowState::matched)});
  ASSERT_EQ(model.rowCount(), 1);
  EXPECT_EQ(model.chosen(), QStringList{"id-2"});
  EXPECT_EQ(model.counts().value("matched").toInt(), 1);
}

TEST_F(Grid, TheCodeOfALabelIsShownNowhere) {
  show(RowState::matched, RowState::matched);
  const auto names = model.roleNames();
  for (auto role = names.cbegin(); role != names.cend(); ++role)
    EXPECT_FALSE(model.index(0).data(role.key()).toString().contains("secret-code"));
  const auto facts = facts_of(line(ten, RowState::matched));
  EXPECT_FALSE(facts.isEmpty());
  for (const QVariant& fact : facts)
    for (const QVariant& value : fact.toMap()) EXPECT_FALSE(value.toString().contains("secret"));
}

TEST_F(Grid, WhatWasProvisionedCanBeTickedToBeUndone) {
  auto done = line(ten, RowState::provisioned);
  done.undoable = true;
  model.show({done, line(two, RowState::planned)});
  model.choose("id-10", true);
  model.choose("id-2", true);
  EXPECT_EQ(model.chosen_to_undo(), QStringList{"id-10"});
  EXPECT_EQ(model.chosen_count(), 0);
}

TEST_F(Grid, ADeviceWhoseButtonWasPressedIsShownWhateverTheFiltersSay) {
  client::SeenDevice device;
  device.said.state = "button";
  auto pressed = line(two, RowState::matched);
  pressed.device = &device;
  filter.setFilter("name", "pump");
  model.show({line(ten, RowState::matched), pressed});
  EXPECT_EQ(filter.rowCount(), 2);
  EXPECT_EQ(filter.placeOf("id-2"), 1);
}

TEST_F(Grid, AnotherPlanTakesThePlaceOfAThousandRowsAtOnce) {
  std::vector<client::Row> rows;
  for (int i = 0; i < 1000; ++i)
    rows.push_back(row(("id-" + std::to_string(i)).c_str(), "pump", "SN"));
  std::vector<client::Line> lines;
  for (const auto& each : rows) lines.push_back(line(each, RowState::matched));
  model.show(lines);
  filter.chooseAllShown();
  EXPECT_EQ(model.chosen_count(), 1000);
  model.show({lines[2], line(ten, RowState::matched)});  // id-10 was there before
  EXPECT_EQ(filter.rowCount(), 2);
  EXPECT_EQ(model.chosen_count(), 2);
}

TEST_F(Grid, WhatIsWorkedOnSaysSoAndIsNotReady) {
  show(RowState::matched, RowState::matched);
  model.working_on("id-10", true);
  EXPECT_EQ(at(0, LineModel::State), "at work");
  EXPECT_FALSE(filter.index(0, 0).data(LineModel::Ready).toBool());
  model.working_on("id-10", false);
  EXPECT_TRUE(filter.index(0, 0).data(LineModel::Ready).toBool());
}

}  // namespace
}  // namespace fairlead::app
