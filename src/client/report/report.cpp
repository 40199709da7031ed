// SPDX-License-Identifier: Apache-2.0
#include "client/report/report.h"

namespace fairlead::client {

namespace {

std::string result_of(const RowHistory* history) {
  if (!history) return "not begun";
  switch (history->last) {
    case Step::done:
      return "provisioned";
    case Step::waiting:
      return "waiting for a decision";
    case Step::failed:
      return "failed";
    case Step::undone:
      return "undone";
    case Step::replaced:
      return "free for another device";
    case Step::started:
    case Step::claimed:
      break;
  }
  return "interrupted";
}

std::string seconds_of(const RowHistory& history) {
  auto took = history.ended - history.started;
  if (history.started == Time{} || took.count() < 0) return {};
  auto tenths = (took.count() + 50) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::string before_of(const RowHistory& history) {
  if (!history.before) return {};
  if (!history.before->known) return "not known to the server";
  return history.before->name + " (" + history.before->state + ")";
}

}  // namespace

Cells report_of(const Plan& plan, const History& history) {
  Cells out{{"Row id", "Name", "Type", "Vendor", "Planned serial", "Planned product URI",
             "Location", "Result", "Device", "Found serial", "Found product URI", "Before",
             "Reason", "Next action", "Begin", "End", "Seconds", "Operator"}};
  for (const Row& row : plan.rows) {
    if (row.removed) continue;
    const RowHistory* known = history.find(row.id);
    std::vector<std::string> cells{row.id,
                                   row[Field::name],
                                   row[Field::type],
                                   row[Field::vendor],
                                   row[Field::serial],
                                   row[Field::product_uri],
                                   row[Field::location],
                                   result_of(known)};
    if (known) {
      std::string begin = known->started == Time{} ? "" : to_rfc3339(known->started);
      for (const std::string& each :
           {known->device, known->serial, known->product_uri, before_of(*known), known->reason,
            known->advice, begin, to_rfc3339(known->ended), seconds_of(*known), known->by})
        cells.push_back(each);
    }
    cells.resize(out.front().size());
    out.push_back(std::move(cells));
  }
  return out;
}

Cells table_of(const Plan& plan, Codes codes) {
  std::vector<Field> columns;
  for (const FieldInfo& each : fields())
    if (each.field != Field::code || codes == Codes::included) columns.push_back(each.field);
  Cells out{{"id"}};
  for (Field each : columns) out.front().emplace_back(info_of(each).title);
  for (const Row& row : plan.rows) {
    if (row.removed) continue;
    out.push_back({row.id});
    for (Field each : columns) out.back().push_back(row[each]);
  }
  return out;
}

}  // namespace fairlead::client
