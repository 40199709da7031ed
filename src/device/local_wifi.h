// SPDX-License-Identifier: Apache-2.0
// Wi-Fi for whoever provisions the device from beside it: what is in reach, and one network on
// trial, which is kept or left again.
//
// Joined means joined with an address. Who gets that is the system's affair (systemd-networkd,
// dhcpcd: they watch the link), or that of a program: ADDRESS-HOOK INTERFACE, after every change of
// network; it ends with 0 once there is an address, within 20 seconds, and says in its last line
// why there is none. It is called three times before that counts.
#pragma once

#include "base/log.h"
#include "device/attempt_task.h"
#include "device/config.h"
#include "device/state_directory.h"
#include "link/wifi.h"
#include "local/door.h"
#include "net/loop.h"

namespace fairlead::device {

class LocalWifi {
 public:
  // All outlive it, and all calls are the loop's.
  LocalWifi(const Config& config, const StateDirectory& directory, net::Loop& loop, Log& log,
            std::unique_ptr<link::Wifi> wifi);

  // What is in reach, at most a minute old where a look around takes less than four seconds; else
  // what was before it. What fails is logged.
  net::Task<std::vector<local::scan::Entry>> networks();
  // The trial. Where it fails, the device goes back to the network of before. interrupted: revert()
  // came in between. `access`: the upstream's name for this device, with which it is to be kept;
  // "" where the join is all that is wanted.
  AttemptTask<local::config::Connected> join(local::WifiCredentials network, std::string access);
  // What stands in the way of an upstream, now that this network is joined: the network's own
  // fault, or `failure` as it was.
  boost::asio::awaitable<Failure> explain(Failure failure, std::string upstream_uri);

  // How a trial ends; nothing happens where there is none. store() before access is committed.
  net::Task<void> store();
  net::Task<void> keep();
  net::Task<void> revert();
  net::Task<void> settle(std::string access);  // at the start, what an earlier run left

 private:
  net::Task<void> look_around();
  net::Task<void> look_once();
  AttemptTask<link::WifiNetwork> wait_for_join(unsigned trial);
  AttemptTask<void> ask_for_address(unsigned trial);
  AttemptTask<std::string> get_address(unsigned trial);
  net::Task<void> run_address_hook();
  net::Task<void> regain_address(unsigned trial);
  net::Task<void> on_worker(std::function<Result<void>()> work, std::string_view what);
  std::string address() const;

  const Config& config_;
  const StateDirectory& directory_;
  net::Loop& loop_;
  Log& log_;
  std::unique_ptr<link::Wifi> wifi_;
  std::vector<local::scan::Entry> heard_;
  std::chrono::steady_clock::time_point heard_at_{};
  bool looking_ = false;
  unsigned trial_ = 0;    // counts, so that one that was ended notices
  std::string on_trial_;  // name of the network, for the log; empty: none
};

}  // namespace fairlead::device
