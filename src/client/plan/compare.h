// SPDX-License-Identifier: Apache-2.0
// The plan beside what was seen: the one difference that people read, a dry run lists and apply
// carries out. Pure.
#pragma once

#include "client/apply/history.h"
#include "client/plan/row.h"
#include "client/scan/seen.h"

namespace fairlead::client {

enum class RowState {
  planned,      // not seen
  found,        // seen, and in no row
  matched,      // seen, and as planned
  differs,      // seen, and something is otherwise
  wrong_type,   // seen, and another type of device
  unverified,   // somebody says so, and something speaks against it
  duplicate,    // several devices say that they are this one
  waiting,      // for a person's decision at the server
  in_progress,  // an interrupted run left it so
  provisioned,
  owned_elsewhere,  // it has an owner, and not by this plan
  ignored,
  failed
};
std::string_view to_string(RowState state);  // "wrong type"

struct Difference {
  Field field;
  std::string planned, found;
};

struct Line {
  const Row* row = nullptr;            // none: the device is in no row
  const SeenDevice* device = nullptr;  // none: not seen
  RowState state = RowState::planned;
  std::vector<Difference> differences;
  std::string reason, next;  // in words: why this state, and what to do
  bool ready = false;        // apply would provision it now
  bool undoable = false;     // undo would take back what apply did for it
};

// A row's device is the one with its product URI, else its vendor and serial, else its serial where
// neither plan nor plant has it twice. Never by address or name, but for a row that has an address
// and nothing else to go by. Lines in the order of the rows, then devices that are in none. All
// pointers are into the arguments, which outlive the lines.
std::vector<Line> compare(const Plan& plan, const std::vector<const SeenDevice*>& seen,
                          const History& history);

}  // namespace fairlead::client
