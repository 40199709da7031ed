// SPDX-License-Identifier: Apache-2.0
// Whose turn it is to be registered: several jobs at once, few of them at one rendezvous server,
// and at one that fails a single try now and then, so that it holds up nobody but its own.
#pragma once

#include <map>
#include <set>

#include "base/time.h"
#include "registry/records.h"

namespace fairlead::server {

class To0Turns {
 public:
  static constexpr std::size_t at_once = 16, at_one_server = 4;

  bool any_free() const { return running_.size() < at_once; }
  // Servers where nothing may begin at present.
  std::vector<std::string> closed(Time now) const;
  // Whether the job begins; end() has to follow. Not while it runs already.
  bool begin(const registry::To0Job& job, Time now);
  // `served`: the server did its part, whatever it said. Else it is left alone for a while, longer
  // with each failure: retry_after(), by `random_byte`.
  void end(const registry::To0Job& job, bool served, Time now, std::uint8_t random_byte);

 private:
  struct Server {
    std::size_t running = 0;
    std::int64_t failures = 0;
    Time closed_until{};

    bool open(Time now) const {
      return now >= closed_until && running < (failures > 0 ? 1 : at_one_server);
    }
  };
  std::map<std::string, Server> servers_;  // that run or fail
  std::set<std::pair<Bytes, std::string>> running_;
};

// After so many failures: 1 s doubling to 10 min, with jitter of a quarter. `random_byte` is
// uniform.
Duration retry_after(std::int64_t failures, std::uint8_t random_byte);

}  // namespace fairlead::server
