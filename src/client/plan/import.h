// SPDX-License-Identifier: Apache-2.0
// A table into a plan: all of it, or nothing and every reason why not.
#pragma once

#include <map>

#include "base/random.h"
#include "client/plan/row.h"
#include "client/plan/sheet.h"

namespace fairlead::client {

inline constexpr std::size_t complaints_max = 100;  // listed; the rest is counted

struct Complaint {
  std::size_t row = 0;  // as the file counts; 0: the file as a whole
  std::string column;   // "C (Serial)"; empty: the row as a whole
  std::string what;
};
std::string in_words(const Complaint& complaint, const std::string& sheet);

struct Imported {
  Plan plan;  // the new one
  std::size_t added = 0, changed = 0, unchanged = 0, removed = 0;
  std::vector<std::string> passed_over;  // headers that no field was found for
};
struct Refused {
  std::vector<Complaint> complaints;  // at most complaints_max
  std::size_t more = 0;
};

// By a header of the table, in any case: what the column means; none: it is passed over.
using NamedColumns = std::map<std::string, std::optional<Field>>;

struct Column {
  std::string header, example;  // example: the first that the column holds
  std::optional<Field> field;   // as import_sheet() would take it; none: passed over
  bool is_id = false;           // of the rows, as a plan's own export has it
};
std::vector<Column> columns_of(const Sheet& sheet, const Plan& before);

// `named`: fields for headers, as a person says; remembered in the plan, like those that were found
// by the header. A row of the file is that of the plan with the same id (column `id`), else the
// same product URI, else vendor and serial, else name; rows that no file row matches are marked
// removed. The codes that the plan holds stay where the file has no column for them.
std::expected<Imported, Refused> import_sheet(const Sheet& sheet, const Plan& before,
                                              const NamedColumns& named, Random& random);

}  // namespace fairlead::client
