// SPDX-License-Identifier: Apache-2.0
// What the commands for a plant share: looking around, and the project.
#pragma once

#include "cli/context.h"
#include "client/plan/compare.h"
#include "client/plan/project.h"
#include "tool/scan.h"

namespace fairlead::cli {

// Of --interface, --address, --range, --seconds, --no-announcements.
Answer<tool::ScanOptions> scan_options(const Context& context);

// Everything that a scan shows by these options, or that --seen FILE kept (lines of
// `fairlead scanner`, "-" is standard input). `rows` are looked for at their addresses too.
Answer<client::Seen> look_around(Context& context, const std::vector<client::Row>& rows);

struct Project {
  std::string file;  // --project
  client::Plan plan;
  client::History history;
  std::string journal() const { return file + ".journal"; }
};
// not_found: there is no such file, unless it may be `fresh`.
Answer<Project> open_project(const Context& context, bool fresh = false);
Answer<void> save_project(const Project& project);

}  // namespace fairlead::cli
