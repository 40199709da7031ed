// SPDX-License-Identifier: Apache-2.0
// What the commands for a plant share: looking around, and the project.
#pragma once

#include "cli/context.h"
#include "client/plan/compare.h"
#include "tool/project_file.h"
#include "tool/scan.h"

namespace fairlead::cli {

using tool::own_problem;

// Of --interface, --address, --range, --seconds, --no-announcements.
Answer<tool::ScanOptions> scan_options(const Context& context);

// Everything that a scan shows by these options, or that --seen FILE kept (lines of
// `fairlead scanner`, "-" is standard input). `rows` are looked for at their addresses too.
Answer<client::Seen> look_around(Context& context, const std::vector<client::Row>& rows);

// Of --project.
Answer<tool::ProjectFile> open_project(
    const Context& context,
    tool::ProjectFile::IfMissing missing = tool::ProjectFile::IfMissing::refuse);
std::vector<std::string> list_of_words(const std::string& text);  // "A,B"

void print_lines(Context& context, const std::vector<client::Line>& lines);

}  // namespace fairlead::cli
