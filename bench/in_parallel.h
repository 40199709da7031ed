// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"

namespace fairlead::bench {

// Calls work(i) for every i below `count`, on `threads` threads, until one fails.
template <class Work>
Result<void> in_parallel(std::size_t count, unsigned threads, Work work) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  Result<void> outcome;
  auto run = [&] {
    for (std::size_t i; (i = next++) < count;) {
      auto done = work(i);
      if (done) continue;
      next = count;
      std::lock_guard lock(mutex);
      if (outcome) outcome = fail(done.error());
    }
  };
  std::vector<std::thread> pool;
  for (unsigned i = 0; i < threads; ++i) pool.emplace_back(run);
  for (std::thread& thread : pool) thread.join();
  return outcome;
}

}  // namespace fairlead::bench
