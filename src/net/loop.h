// SPDX-License-Identifier: Apache-2.0
// The event loop and the small pool beside it. One loop thread owns all mutable state; blocking or heavy
// work (SQL, signing, TPM) crosses to the pool through on_worker() and comes back.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/time.h"
#include "net/task.h"

namespace fairlead::net {

class Loop {
 public:
  // workers: threads of the pool. queue_max: work items that may wait; beyond it on_worker answers busy.
  explicit Loop(Log& log, unsigned workers = 2, std::size_t queue_max = 4096);
  ~Loop();
  Loop(const Loop&) = delete;

  // Starts a task that the loop owns; its error is logged by `name`. From any thread.
  void spawn(std::string_view name, Task<void> task);
  void post(std::function<void()> work);  // runs on the loop thread soon; from any thread

  // Runs until stop(), or SIGINT/SIGTERM when `until_signal`. Then cancels tasks, waits at most 5 s for them.
  void run();
  void run_until_signal();
  void stop();  // from any thread

  Task<void> sleep(Duration time);  // cancelled on stop
  bool stopping() const;

  // Runs `work` on the pool and resumes on the loop. busy when the queue is full.
  template <class F>
  auto on_worker(F work) -> Task<typename std::invoke_result_t<F>::value_type>;

  // A one-shot hand-over from any thread to a waiting coroutine: see Completion below.
  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  Task<void> on_worker_erased(std::function<void()> work);
  std::unique_ptr<Impl> impl_;
};

template <class F>
auto Loop::on_worker(F work) -> Task<typename std::invoke_result_t<F>::value_type> {
  using Answer = std::invoke_result_t<F>;  // a Result
  std::optional<Answer> answer;
  std::function<void()> run_it = [&work, &answer] { answer.emplace(work()); };
  auto crossed = co_await on_worker_erased(std::move(run_it));
  if (!crossed) co_return std::unexpected(std::move(crossed).error());
  co_return std::move(*answer);
}

// A value that another thread will deliver once; await it on the loop.
class Completion {
 public:
  explicit Completion(Loop& loop);
  // Ends the wait with `result`. From any thread; only the first call counts.
  void complete(Result<void> result);
  Task<void> wait(Duration limit);  // timed_out after `limit`

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;  // shared: the delivering thread may outlive the waiter
};

}  // namespace fairlead::net
