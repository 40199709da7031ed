// SPDX-License-Identifier: Apache-2.0
#include "base/checkpoint.h"

#include <atomic>
#include <charconv>
#include <csignal>
#include <memory>

#include "base/events.h"

namespace fairlead {

Checkpoint crash_points(std::string_view wanted, Log& log) {
  auto colon = wanted.find(':');
  unsigned time = 1;
  if (colon != wanted.npos)
    std::from_chars(wanted.data() + colon + 1, wanted.data() + wanted.size(), time);
  return [name = std::string(wanted.substr(0, colon)), time,
          passed = std::make_shared<std::atomic<unsigned>>(0),
          &log](std::string_view point) -> Result<void> {
    bool here = point == name && ++*passed == time;
    log(here ? event::killed_on_purpose : event::checkpoint_passed,
        {{"point", std::string(point)}});
    if (here) std::raise(SIGKILL);
    return ok();
  };
}

}  // namespace fairlead
