// SPDX-License-Identifier: Apache-2.0
// The registry as services use it: read directly, write through the group commit, wait until it is
// durable.
#pragma once

#include "base/random.h"
#include "registry/group_commit.h"
#include "registry/registry.h"

namespace fairlead::server {

class Store {
 public:
  explicit Store(registry::Registry& registry) : registry_(registry), commits_(registry) {}

  registry::Registry& read() { return registry_; }
  // Blocks a worker until the transaction is durable or has failed. Never called on the loop.
  Result<void> commit(registry::Transaction transaction);

 private:
  registry::Registry& registry_;
  registry::GroupCommit commits_;
};

// What goes into a device's timeline, which `explain` prints: the same events as in the log.
registry::Change timeline(const DeviceId& device, Time at, const LogEvent& event, Fields fields);

}  // namespace fairlead::server
