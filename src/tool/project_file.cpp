// SPDX-License-Identifier: Apache-2.0
#include "tool/project_file.h"

#include "client/plan/project.h"
#include "disk/whole_file.h"
#include "tool/journal_file.h"
#include "tool/workbook.h"

namespace fairlead::tool {

client::Problem own_problem(const Error& error) {
  using client::ProblemKind;
  switch (error.code) {
    case Errc::not_found:
      return {ProblemKind::not_found, error.context, {}};
    case Errc::busy:
      return {ProblemKind::busy, error.context, {}};
    default:
      return {ProblemKind::failed, error.context, {}};
  }
}

Result<ProjectFile> ProjectFile::open(const std::string& path, IfMissing missing) {
  ProjectFile out;
  out.path = path;
  auto text = disk::read_file(path, client::project_bytes_max);
  bool is_new = !text && text.error().code == Errc::not_found;
  if (!text && !(is_new && missing == IfMissing::begin)) return fail(text.error());
  if (text) {
    TRY(out.plan, client::decode_project(*text).in(path));
  }
  TRY(out.history, JournalFile::read(out.journal()));
  return out;
}

Result<void> ProjectFile::save() const {
  return disk::replace_file(path, client::encode_project(plan), 0600);
}

Result<client::Sheet> read_table(const std::string& path, const std::string& sheet_name) {
  TRY(auto content, disk::read_file(path, client::sheet_bytes_max));
  if (is_workbook(as_view(content))) return read_workbook(as_view(content), sheet_name).in(path);
  return client::decode_csv(as_view(content)).in(path);
}

Result<void> write_table(const std::string& path, const std::string& sheet_name,
                         const std::vector<std::vector<std::string>>& rows, unsigned mode) {
  if (path.ends_with(".xlsx")) return write_workbook(path, {{sheet_name, rows}}, mode);
  return disk::replace_file(path, client::encode_csv(rows), mode);
}

}  // namespace fairlead::tool
