// SPDX-License-Identifier: Apache-2.0
// Drives client::ApplyRun with a thread for each device that is worked on.
#pragma once

#include <functional>

#include "base/time.h"
#include "client/apply/job.h"
#include "tool/journal_file.h"

namespace fairlead::tool {

struct ApplySetup {
  std::vector<client::Job> jobs;
  std::size_t at_once = client::apply_at_once_default;
  client::JobOptions options;
  client::Api& server;  // may be asked from several threads
  Random& random;       // likewise
  JournalFile& journal;
  Clock clock;
  std::string by;  // the user, for the journal
  client::Connect connect;
  // By one thread at a time: a device is through, and how many are.
  std::function<void(const client::Row&, const client::Outcome&, const client::ApplyCounts&)> ended;
  std::function<bool()> go_on;  // false: no further device is begun
};

client::ApplyCounts apply(const ApplySetup& setup);

}  // namespace fairlead::tool
