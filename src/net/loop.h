// SPDX-License-Identifier: Apache-2.0
// The event loop and the small pool beside it. One loop thread owns all mutable state; blocking or
// heavy work (SQL, signing, TPM) crosses to the pool through on_worker() and comes back.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/time.h"
#include "net/task.h"

namespace boost::asio {
class io_context;
}

namespace fairlead::net {

class Loop {
 public:
  // workers: threads of the pool. queue_max: work items that may wait; beyond it on_worker answers
  // busy.
  explicit Loop(Log& log, unsigned workers = 2, std::size_t queue_max = 4096);
  ~Loop();
  Loop(const Loop&) = delete;

  // Starts a task that the loop owns; its error is logged by `name`. From any thread.
  void spawn(std::string_view name, Task<void> task);
  // The same for tasks that end before the loop does. On the loop thread, or before run(). What it
  // returns is called on the loop thread: it cancels the task, and does nothing once the task has
  // ended.
  std::function<void()> spawn_cancellable(std::string_view name, Task<void> task);
  void post(std::function<void()> work);  // runs on the loop thread soon; from any thread

  // Runs until stop(), or SIGINT/SIGTERM when `until_signal`. Then cancels tasks, waits at most 5 s
  // for them.
  void run();
  void run_until_signal();
  void stop();  // from any thread

  Task<void> sleep(Duration time);  // cancelled on stop
  bool stopping() const;

  // Runs `work` on the pool and resumes on the loop. busy when the queue is full. Not cut short by
  // cancellation: `work` may refer to the caller's locals.
  template <class F>
  auto on_worker(F work) -> Task<typename std::invoke_result_t<F>::value_type>;

  std::size_t work_waiting() const;  // for metrics

  // A one-shot hand-over from any thread to a waiting coroutine: see Completion below.
  struct Impl;
  Impl& impl() { return *impl_; }
  boost::asio::io_context& context();  // for adapters that wait on descriptors of their own

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

// A value that another thread will deliver once; await it on the loop. Copies share the one
// hand-over. May outlive the loop: complete() then does nothing.
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
