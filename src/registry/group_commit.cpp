// SPDX-License-Identifier: Apache-2.0
#include "registry/group_commit.h"

#include <algorithm>

#include "base/assert.h"

namespace fairlead::registry {

GroupCommit::GroupCommit(Registry& registry, GroupCommitOptions options)
    : registry_(registry), options_(options), thread_([this] { run(); }) {}

GroupCommit::~GroupCommit() { stop(); }

void GroupCommit::submit(Transaction transaction, Done done) {
  Result<void> refused;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      refused = fail(Errc::cancelled, "the registry is being closed");
    } else if (waiting_.size() >= options_.queue_max) {
      refused = fail(Errc::busy, "too many changes are waiting for the registry");
    } else {
      waiting_.push_back(
          {std::move(transaction), std::move(done), std::chrono::steady_clock::now()});
      // The thread waits for the first item and for a full batch, not for those between.
      if (waiting_.size() == 1 || waiting_.size() == options_.batch_max) changed_.notify_one();
      return;
    }
  }
  done(std::move(refused));
}

std::size_t GroupCommit::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

void GroupCommit::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

std::deque<GroupCommit::Item> GroupCommit::next_batch() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
  if (!waiting_.empty())
    changed_.wait_until(lock, waiting_.front().arrived + options_.collect,
                        [&] { return stopping_ || waiting_.size() >= options_.batch_max; });
  std::deque<Item> batch;
  while (!waiting_.empty() && batch.size() < options_.batch_max) {
    batch.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return batch;
}

void GroupCommit::run() {
  std::vector<Transaction> transactions;
  Result<void>
      given_up;  // an error of the registry while stopping: we don't wait for it again and again
  for (;;) {
    auto batch = next_batch();
    if (batch.empty()) return;
    std::vector<Result<void>> outcomes;
    if (given_up) {
      transactions.clear();
      for (Item& item : batch) transactions.push_back(std::move(item.transaction));
      outcomes = registry_.write(std::span<const Transaction>(transactions));
      ASSERT(outcomes.size() == batch.size());
    } else {
      outcomes.assign(batch.size(), given_up);
    }
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ && given_up && std::ranges::all_of(outcomes, [](const auto& outcome) {
            return !outcome && outcome.error().code != Errc::conflict &&
                   outcome.error().code != Errc::malformed;
          }))
        given_up = outcomes.front();
    }
    for (std::size_t i = 0; i < batch.size(); ++i) batch[i].done(std::move(outcomes[i]));
  }
}

}  // namespace fairlead::registry
