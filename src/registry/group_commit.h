// SPDX-License-Identifier: Apache-2.0
// Many transactions, one fsync: what a server puts between its services and the registry's write().
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "base/result.h"
#include "base/time.h"
#include "registry/registry.h"

namespace fairlead::registry {

struct GroupCommitOptions {
  Duration collect =
      std::chrono::milliseconds(2);  // the longest that the first of a batch waits for more
  std::size_t batch_max = 500;  // transactions per commit: a page that many change is written once
  std::size_t queue_max = 10'000;  // waiting transactions; beyond it: busy
};

// Owns one thread that collects transactions and writes them together. The registry outlives it.
class GroupCommit {
 public:
  using Done = std::function<void(Result<void>)>;

  explicit GroupCommit(Registry& registry, GroupCommitOptions options = {});
  ~GroupCommit();  // stop()
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  // `done` is called exactly once: on this object's thread when the transaction is durable or has
  // failed (see Registry::write), or within submit() with busy (the queue is full) or cancelled
  // (stopped). It must not block and must not throw; a service posts from it to its loop. Callable
  // from any thread, also from within a `done`.
  void submit(Transaction transaction, Done done);

  std::size_t waiting() const;  // transactions that no batch has taken yet

  // Accepts nothing more, writes what is waiting, and returns when the last `done` has been called.
  // If the registry fails meanwhile with anything but a conflict, the rest is given the same error
  // at once. Not callable from within a `done`.
  void stop();

 private:
  struct Item {
    Transaction transaction;
    Done done;
    std::chrono::steady_clock::time_point arrived;
  };
  void run();
  std::deque<Item> next_batch();  // waits; empty: stopped and nothing left

  Registry& registry_;
  const GroupCommitOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> waiting_;  // guarded by mutex_
  bool stopping_ = false;     // guarded by mutex_
  std::thread thread_;        // last: it uses all the others
};

}  // namespace fairlead::registry
