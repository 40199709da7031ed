// SPDX-License-Identifier: Apache-2.0
// Where the network says that an upstream is, kept while the device has none. Hints only: nothing
// is trusted for having been named here. What becomes of them is decided by a voucher or by a
// person, who sees this list in the tool.
#pragma once

#include "device/config.h"
#include "device/local_door.h"
#include "link/dhcp_query.h"

namespace fairlead::device {

// Keeps at most 10 candidates of one round, each once, best first, and tells the door.
class UpstreamSearch {
 public:
  // All outlive it.
  UpstreamSearch(const Config& config, net::Loop& loop, Random& random, Log& log, LocalDoor& door);

  // While the device has no upstream: a round by all interfaces that run, another whenever one has
  // come or changed its addresses, and after ten minutes at the latest.
  net::Task<void> run();

 private:
  net::Task<void> round(std::vector<link::Interface> interfaces);
  net::Task<void> ask(link::Interface interface);
  void take(const link::Interface& interface, const Result<std::vector<link::DhcpHint>>& answer);
  net::Task<void> probe(std::size_t index);

  const Config& config_;
  net::Loop& loop_;
  Random& random_;
  Log& log_;
  LocalDoor& door_;
  std::vector<local::Upstream> found_, before_;  // in this round, and in the one before
  std::string complaint_;
};

}  // namespace fairlead::device
