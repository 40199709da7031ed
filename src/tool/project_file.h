// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"
#include "client/apply/history.h"
#include "client/operator/problem.h"
#include "client/plan/import.h"

namespace fairlead::tool {

// A project and what became of it: PROJECT, and beside it PROJECT.journal.
struct ProjectFile {
  std::string path;
  client::Plan plan;
  client::History history;

  enum class IfMissing { refuse, begin };
  // not_found: there is none.
  static Result<ProjectFile> open(const std::string& path, IfMissing missing = IfMissing::refuse);
  // Replaces the file as a whole; readable by its owner only, for it holds codes.
  Result<void> save() const;
  std::string journal() const { return path + ".journal"; }
};

// What goes wrong with files here, as a problem for a person.
client::Problem own_problem(const Error& error);

// A table of a workbook or a CSV file, whichever it is.
Result<client::Sheet> read_table(const std::string& path, const std::string& sheet_name);
// By the end of the name: .xlsx, else CSV. `mode`: who may read it.
Result<void> write_table(const std::string& path, const std::string& sheet_name,
                         const std::vector<std::vector<std::string>>& rows, unsigned mode);

}  // namespace fairlead::tool
