// SPDX-License-Identifier: Apache-2.0
// What fairlead-server is started with.
#pragma once

#include <string>
#include <string_view>

#include "server/config.h"

namespace fairlead::server {

struct Arguments {
  std::string config, data;
  bool help = false, show_version = false, wrong = false;
  bool allow_fault_injection = false;  // for tests: the point to die at is in FAIRLEAD_CRASH_AT
};

Arguments parse_arguments(int argc, char** argv);

extern const std::string_view usage;

// The configuration file, where one is named, and what the arguments say instead; makes the data
// folder.
Result<Config> configure(const Arguments& arguments);

}  // namespace fairlead::server
