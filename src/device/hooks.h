// SPDX-License-Identifier: Apache-2.0
// What only the device's own software can do: set its network, and show which device it is. It does
// so by programs of its own, named in the configuration; without one, the client hears so. All
// calls block, for seconds. A hook has 20 seconds; when it ends, what it left in its process group
// ends, too.
//
//   NETWORK-HOOK set INTERFACE (dhcp | ADDRESS/PREFIX) (GATEWAY | -) (NAME-SERVER,... | -)
//                (TIME-SERVER,... | -)        tries it; keeps what was there before
//   NETWORK-HOOK keep                         it stays, also after a restart
//   NETWORK-HOOK revert                       what was there before is back
//   IDENTIFY-HOOK SECONDS                     blink; 0: stop. Returns at once: what goes on
//                                             blinking has a session of its own (setsid).
#pragma once

#include "base/log.h"
#include "device/config.h"
#include "device/state_directory.h"
#include "local/commands.h"
#include "net/loop.h"

namespace fairlead::device {

class Hooks {
 public:
  Hooks(const Config& config, const StateDirectory& directory, Log& log);  // all outlive it

  // unsupported: no hook; malformed: settings that can't be; io: the hook's own words.
  Result<void> set_network(const local::NetworkSettings& settings);
  // Before access is committed: what was set stays with it. `access` is a word for it, of one line.
  Result<void> keep_with(const std::string& access);
  // What was set and has not ended yet; otherwise nothing happens. What fails is logged, and is
  // done again at the next start.
  void keep_network();
  void revert_network();
  // At the start, the same for what an earlier run set: kept if the device has the access with
  // which it was to stay.
  void settle_network(const std::string& access);
  Result<void> identify(std::uint8_t seconds);

 private:
  Result<void> run(const std::filesystem::path& hook, std::vector<std::string> words);
  void end_trial(const std::string& word);

  const Config& config_;
  const StateDirectory& directory_;
  Log& log_;
};

// One program of the device's, by full path, with its words. io: the last line that it wrote to
// standard error, or its exit code.
Result<void> run_hook(std::vector<std::string> words, const std::filesystem::path& folder);
// The same for the loop, which goes on meanwhile.
net::Task<void> run_hook(std::vector<std::string> words, std::filesystem::path folder,
                         net::Loop& loop);

// The words after `set`. malformed, in words for a person, where an address, a prefix or a name is
// not one. `otherwise`: the interface, where the settings name none.
Result<std::vector<std::string>> network_words(const local::NetworkSettings& settings,
                                               const std::string& otherwise);

}  // namespace fairlead::device
