// SPDX-License-Identifier: Apache-2.0
#include "tool/row_changes.h"

#include "client/apply/job.h"
#include "tool/journal_file.h"

namespace fairlead::tool {

namespace {

using client::Answer;

Answer<std::unique_ptr<JournalFile>> open_journal(const ProjectFile& project) {
  auto journal = JournalFile::open(project.journal());
  if (!journal) return std::unexpected(own_problem(journal.error()));
  return std::move(*journal);
}

Answer<void> note(JournalFile& journal, const std::string& row, client::Step step,
                  const Deed& deed) {
  client::JournalLine line;
  line.at = deed.clock();
  line.row = row;
  line.step = step;
  line.reason = deed.reason;
  line.by = deed.by;
  if (auto added = journal.add(line); !added) return std::unexpected(own_problem(added.error()));
  return {};
}

}  // namespace

Answer<void> replace_device(const ProjectFile& project, client::Row& row,
                            const client::RowIdentity& identity, const Deed& deed) {
  TRY_VOID(client::bind(row, identity));
  // The journal first: a row with the new serial and the old device's history would be taken for
  // one that was provisioned.
  TRY(auto journal, open_journal(project));
  TRY_VOID(note(*journal, row.id, client::Step::replaced, deed));
  if (auto saved = project.save(); !saved) return std::unexpected(own_problem(saved.error()));
  return {};
}

Answer<void> undo(const ProjectFile& project, const std::vector<std::string>& row_ids,
                  client::Api& server, const Deed& deed,
                  const std::function<void(const std::string& row_id)>& undone) {
  // First, for where another program works on the project nothing may be undone unnoted.
  TRY(auto journal, open_journal(project));
  for (const std::string& id : row_ids) {
    const client::RowHistory* history = project.history.find(id);
    if (!history)
      return client::problem(client::ProblemKind::conflict,
                             "nothing was done for row '" + id + "'");
    TRY_VOID(client::undo(*history, server, deed.reason));
    TRY_VOID(note(*journal, id, client::Step::undone, deed));
    undone(id);
  }
  return {};
}

}  // namespace fairlead::tool
