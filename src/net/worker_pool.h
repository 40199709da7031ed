// SPDX-License-Identifier: Apache-2.0
// The threads beside the loop, for work that blocks or is heavy.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace fairlead::net {

class WorkerPool {
 public:
  // What the pool does with a job: runs it, or tells it that there is no room.
  enum class Turn { run, no_room };
  using Job = std::move_only_function<void(Turn)>;

  WorkerPool(unsigned threads, std::size_t queue_max);  // at least one thread
  ~WorkerPool();                                        // drops what waits, joins what runs
  WorkerPool(const WorkerPool&) = delete;

  // From any thread. With `queue_max` jobs waiting, the job is called at once with Turn::no_room.
  void submit(Job job);

  std::size_t waiting() const;  // jobs that no thread has taken yet

 private:
  void work();

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> queue_;
  std::size_t queue_max_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace fairlead::net
