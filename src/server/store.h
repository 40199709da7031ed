// SPDX-License-Identifier: Apache-2.0
// The registry as services use it: read directly, write through the group commit, wait until it is
// durable.
#pragma once

#include <source_location>
#include <vector>

#include "base/checkpoint.h"
#include "base/random.h"
#include "registry/group_commit.h"
#include "registry/registry.h"
#include "server/metrics.h"

namespace fairlead::server {

class Store {
 public:
  explicit Store(registry::Registry& registry, Checkpoint checkpoint = {})
      : registry_(registry), checkpoint_(std::move(checkpoint)), commits_(registry) {}

  registry::Registry& read() { return registry_; }
  // Blocks a worker until the transaction is durable or has failed. Never called on the loop.
  // Checkpoints: FILE.FUNCTION.before and .durable, after the caller ("owner.stage.durable").
  Result<void> commit(registry::Transaction transaction,
                      std::source_location caller = std::source_location::current());
  // Many, each whole or not at all; their outcomes in order.
  std::vector<Result<void>> commit_all(
      std::vector<registry::Transaction> transactions,
      std::source_location caller = std::source_location::current());
  // For what nobody has to wait for: durable within milliseconds, in one batch with what others
  // wait for. Not for anything that an answer promises. If it fails, it is not there.
  void commit_soon(registry::Transaction transaction);

  std::size_t commits_waiting() const { return commits_.waiting(); }
  const LatencyHistogram& commit_latency() const { return commit_latency_; }

 private:
  registry::Registry& registry_;
  Checkpoint checkpoint_;
  registry::GroupCommit commits_;
  LatencyHistogram commit_latency_;
};

// What goes into a device's timeline, which `explain` prints: the same events as in the log.
registry::Change timeline(const DeviceId& device, Time at, const LogEvent& event, Fields fields);

}  // namespace fairlead::server
