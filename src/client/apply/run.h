// SPDX-License-Identifier: Apache-2.0
// Many devices, some at a time: which one is next, what is tried again, and when it is over. No
// threads and no clock: whoever has them asks next() and tells ended().
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "base/time.h"
#include "client/operator/problem.h"
#include "client/plan/row.h"

namespace fairlead::client {

inline constexpr std::size_t apply_at_once_default = 8;
inline constexpr std::size_t apply_at_once_max = 64;
inline constexpr unsigned apply_attempts_max = 3;
inline constexpr Duration apply_pause = std::chrono::seconds(2);  // doubles with each attempt

struct Job {
  Row row;
  std::vector<std::string> urls;  // where its device may be, best first
  std::string replaces{};         // the server's id of the device that the row had before
};

// How a job ended.
struct Outcome {
  enum class Kind { done, waiting, failed };
  Kind kind = Kind::done;
  std::string device;                        // the server's id of it, where it is known
  Problem why{ProblemKind::failed, {}, {}};  // unless done
};

std::string_view to_string(Outcome::Kind kind);

struct ApplyCounts {
  std::size_t all = 0, running = 0, done = 0, waiting = 0, failed = 0, left = 0;
};

class ApplyRun {
 public:
  // at_once: 1 to apply_at_once_max.
  ApplyRun(std::vector<Job> jobs, std::size_t at_once);

  // To be started now; its address is good until ended(). None: as many run as may, or nothing
  // waits, or what waits is to be tried later.
  const Job* next(Time now);
  std::optional<Time> wake() const;  // when to ask again although nothing ended
  // True: that was the end of it. False: it is tried again (busy, unreachable).
  bool ended(const std::string& row, const Outcome& outcome, Time now);
  void stop();  // starts nothing more; what runs goes to its end
  bool over() const;
  ApplyCounts counts() const;

 private:
  struct Waiting {
    Job job;
    unsigned attempts = 0;
    Time not_before{};
  };
  std::deque<Waiting> waiting_;
  std::map<std::string, Waiting> running_;
  std::size_t at_once_;
  ApplyCounts counts_;
};

}  // namespace fairlead::client
