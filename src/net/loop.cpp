// SPDX-License-Identifier: Apache-2.0
#include "net/loop.h"

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <csignal>
#include <list>
#include <mutex>

#include "base/events.h"
#include "base/limits.h"
#include "net/worker_pool.h"

namespace fairlead::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

struct RunningTask {
  std::string name;
  asio::cancellation_signal signal;
  bool ended = false;
};

// The way to a loop that may be gone by the time another thread has something to say.
struct LoopLink {
  std::mutex mutex;
  asio::io_context* context;  // null once the loop is gone
};

std::string reason_of(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "unknown exception";
  }
}

// Asio unwinds a cancelled coroutine with this exception at its next co_await.
bool is_cancellation(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& e) {
    return e.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

}  // namespace

struct Loop::Impl {
  Impl(Log& its_log, unsigned workers, std::size_t queue_max)
      : log(its_log), pool(workers, queue_max) {
    link->context = &context;
  }

  void start(std::shared_ptr<RunningTask> task, Task<void> body);
  void ended(const std::shared_ptr<RunningTask>& task, std::exception_ptr thrown,
             const Result<void>& result);
  void begin_stop();
  void finish_if_idle();
  void stop_late();
  void run(bool until_signal);

  Log& log;
  std::atomic<bool> stopping = false;
  std::shared_ptr<LoopLink> link = std::make_shared<LoopLink>();
  std::list<std::shared_ptr<RunningTask>>
      tasks;  // outlives the context, whose frames refer to the signals
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> stay{context.get_executor()};
  std::optional<asio::steady_timer> grace;
  WorkerPool pool;  // joined first: its jobs refer to frames that the context owns
};

void Loop::Impl::start(std::shared_ptr<RunningTask> task, Task<void> body) {
  if (stopping || task->ended) return;  // the body is destroyed without having begun
  tasks.push_back(task);
  auto place = std::prev(tasks.end());
  auto slot = task->signal.slot();
  asio::co_spawn(context, std::move(body),
                 asio::bind_cancellation_slot(
                     slot, [this, place](std::exception_ptr thrown, Result<void> result) {
                       auto finished = *place;
                       tasks.erase(place);
                       ended(finished, std::move(thrown), result);
                     }));
}

void Loop::Impl::ended(const std::shared_ptr<RunningTask>& task, std::exception_ptr thrown,
                       const Result<void>& result) {
  task->ended = true;
  if (thrown) {
    if (!is_cancellation(thrown))
      log(event::internal_error, {{"where", task->name}, {"why", reason_of(std::move(thrown))}});
  } else if (!result && result.error().code != Errc::cancelled) {
    log(event::task_failed, {{"task", task->name}, {"why", to_string(result.error())}});
  }
  finish_if_idle();
}

void Loop::Impl::begin_stop() {
  if (stopping.exchange(true)) return;
  auto running = tasks;  // a copy: a cancelled task may end and leave the list
  for (auto& task : running)
    if (!task->ended) task->signal.emit(asio::cancellation_type::terminal);
  grace.emplace(context, limits::loop_stop_deadline);
  grace->async_wait([this](error_code error) {
    if (!error) stop_late();
  });
  finish_if_idle();
}

void Loop::Impl::finish_if_idle() {
  if (stopping && tasks.empty()) context.stop();
}

void Loop::Impl::stop_late() {
  std::string names;
  std::size_t named = 0;
  for (const auto& task : tasks) {
    if (++named > 10) break;
    names += (names.empty() ? "" : ", ") + task->name;
  }
  if (tasks.size() > 10) names += " and " + std::to_string(tasks.size() - 10) + " more";
  log(event::loop_stop_late, {{"tasks", names}});
  context.stop();
}

void Loop::Impl::run(bool until_signal) {
  stopping = false;
  context.restart();
  std::optional<asio::signal_set> signals;
  if (until_signal) {
    signals.emplace(context, SIGINT, SIGTERM);
    signals->async_wait([this](error_code error, int) {
      if (!error) begin_stop();
    });
  }
  while (!context.stopped()) {
    try {
      context.run();
    } catch (const std::exception& e) {  // from a posted function; the loop serves others too
      log(event::internal_error, {{"where", "event loop"}, {"why", e.what()}});
    }
  }
  grace.reset();
}

Loop::Loop(Log& log, unsigned workers, std::size_t queue_max)
    : impl_(std::make_unique<Impl>(log, workers, queue_max)) {}

Loop::~Loop() {
  std::lock_guard lock(impl_->link->mutex);
  impl_->link->context = nullptr;
}

void Loop::spawn(std::string_view name, Task<void> task) {
  spawn_cancellable(name, std::move(task));
}

std::function<void()> Loop::spawn_cancellable(std::string_view name, Task<void> task) {
  auto running = std::make_shared<RunningTask>();
  running->name = name;
  asio::dispatch(impl_->context, [impl = impl_.get(), running, body = std::move(task)]() mutable {
    impl->start(std::move(running), std::move(body));
  });
  return [weak = std::weak_ptr(running)] {
    auto still = weak.lock();
    if (still && !still->ended) still->signal.emit(asio::cancellation_type::terminal);
  };
}

void Loop::post(std::function<void()> work) { asio::post(impl_->context, std::move(work)); }

void Loop::run() { impl_->run(false); }
void Loop::run_until_signal() { impl_->run(true); }

void Loop::stop() {
  asio::post(impl_->context, [impl = impl_.get()] { impl->begin_stop(); });
}

bool Loop::stopping() const { return impl_->stopping; }
asio::io_context& Loop::context() { return impl_->context; }

Task<void> Loop::sleep(Duration time) {
  asio::steady_timer timer(impl_->context, time);
  error_code error;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return fail(Errc::cancelled, "the wait was cancelled");
  co_return ok();
}

std::size_t Loop::work_waiting() const { return impl_->pool.waiting(); }

Task<void> Loop::on_worker_erased(std::function<void()> work) {
  // No cancellation slot is looked at: the coroutine stays suspended, and its locals alive, until
  // the job ran.
  auto cross = [impl = impl_.get(), &work](auto handler) {
    impl->pool.submit([impl, &work, handler = std::move(handler)](WorkerPool::Turn turn) mutable {
      Result<void> outcome;
      if (turn == WorkerPool::Turn::no_room) {
        outcome = fail(Errc::busy, "too much work is waiting");
      } else {
        try {
          work();
        } catch (const std::exception& e) {
          outcome = fail(Errc::internal, e.what());
        }
      }
      asio::post(impl->context,
                 [handler = std::move(handler), outcome = std::move(outcome)]() mutable {
                   std::move(handler)(std::move(outcome));
                 });
    });
  };
  auto crossing = asio::async_initiate<const asio::use_awaitable_t<>, void(Result<void>)>(
      cross, asio::use_awaitable);
  co_return co_await std::move(crossing);
}

struct Completion::Impl {
  explicit Impl(Loop& loop) : link(loop.impl().link), context(loop.context()) {}
  std::shared_ptr<LoopLink> link;
  asio::io_context& context;  // used on the loop thread only, where the loop is there
  std::atomic_flag called;
  std::optional<Result<void>> result;     // loop thread
  asio::steady_timer* waiting = nullptr;  // loop thread; the timer is a local of wait()
};

Completion::Completion(Loop& loop) : impl_(std::make_shared<Impl>(loop)) {}

void Completion::complete(Result<void> result) {
  if (impl_->called.test_and_set()) return;
  std::lock_guard lock(impl_->link->mutex);
  if (!impl_->link->context) return;
  asio::post(*impl_->link->context, [impl = impl_, result = std::move(result)]() mutable {
    impl->result = std::move(result);
    if (impl->waiting) impl->waiting->cancel();
  });
}

Task<void> Completion::wait(Duration limit) {
  auto impl = impl_;  // this object may go while the coroutine waits
  if (!impl->result) {
    asio::steady_timer timer(impl->context, limit);
    struct Waiting {
      Impl& impl;
      ~Waiting() { impl.waiting = nullptr; }
    } waiting{*impl};
    impl->waiting = &timer;
    error_code error;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (!impl->result) {
      if (error) co_return fail(Errc::cancelled, "the wait was cancelled");
      co_return fail(Errc::timed_out, "no answer in time");
    }
  }
  co_return *impl->result;
}

}  // namespace fairlead::net
