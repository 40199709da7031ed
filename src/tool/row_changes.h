// SPDX-License-Identifier: Apache-2.0
// What a person does with rows that were applied: it goes into the journal as well.
#pragma once

#include <functional>

#include "base/time.h"
#include "client/operator/api.h"
#include "client/plan/edit.h"
#include "tool/project_file.h"

namespace fairlead::tool {

// Who does it, and why, for the journal and the devices' records.
struct Deed {
  std::string by;  // the user; may be empty
  std::string reason;
  Clock clock;
};

// The row, which is of this project, keeps its id and is for another device from now on: the one
// before is revoked as soon as that one is granted access. Saves the project.
client::Answer<void> replace_device(const ProjectFile& project, client::Row& row,
                                    const client::RowIdentity& identity, const Deed& deed);

// Takes back at the server what applying did for these rows, one after the other; `undone` hears of
// each. Ends with the first that can't be taken back. busy: another program works on the project.
client::Answer<void> undo(const ProjectFile& project, const std::vector<std::string>& row_ids,
                          client::Api& server, const Deed& deed,
                          const std::function<void(const std::string& row_id)>& undone);

}  // namespace fairlead::tool
