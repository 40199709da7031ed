// SPDX-License-Identifier: Apache-2.0
#include "net/loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <latch>

#include "net/test_loop.h"

namespace fairlead::net {
namespace {

Task<void> fails_with(Error error) { co_return fail(std::move(error)); }
Task<void> throws() {
  throw std::runtime_error("boom");
  co_return ok();
}
Task<void> sleeps_for_an_hour(Loop& loop, bool& woke) {
  auto sleeping = loop.sleep(std::chrono::hours(1));
  auto slept = co_await std::move(sleeping);
  woke = !slept && slept.error().code == Errc::cancelled;
  co_return std::move(slept);
}
Task<int> add_on_worker(Loop& loop, int a, int b) {
  auto add = [a, b]() -> Result<int> { return a + b; };
  auto crossing = loop.on_worker(add);
  co_return co_await std::move(crossing);
}

TEST(Loop, LogsTheErrorOfATaskByName) {
  LoopThread t;
  t.loop.spawn("courier", fails_with({Errc::io, "no road"}));
  t.start();
  EXPECT_EQ(t.log.await("TASK_FAILED"),
            "TASK_FAILED The background task \"courier\" ended: input/output: no road.");
}

TEST(Loop, SurvivesATaskThatThrows) {
  LoopThread t;
  t.loop.spawn("thrower", throws());
  t.start();
  EXPECT_NE(t.log.await("INTERNAL_ERROR").find("thrower: boom"), std::string::npos);
  EXPECT_EQ(t.await(add_on_worker(t.loop, 2, 3)).value_or(0), 5);
}

TEST(Loop, SurvivesAPostedFunctionThatThrows) {
  LoopThread t;
  t.loop.post([] { throw std::runtime_error("boom"); });
  EXPECT_EQ(t.await(add_on_worker(t.loop, 2, 3)).value_or(0), 5);
}

TEST(Loop, CancelsSleepersAndEndsWhenStopped) {
  LoopThread t;
  bool woke = false;
  t.loop.spawn("sleeper", sleeps_for_an_hour(t.loop, woke));
  t.start();
  t.on_loop([] {});
  t.stop();
  EXPECT_TRUE(woke);
  EXPECT_TRUE(t.loop.stopping());
  EXPECT_EQ(t.log.all(), "");  // a cancelled task is no failure
}

TEST(Loop, CanRunAgainAfterAStop) {
  LoopThread t;
  t.start();
  t.stop();
  EXPECT_EQ(t.await(add_on_worker(t.loop, 2, 3)).value_or(0), 5);
}

TEST(Loop, StopsAtASignal) {
  MemoryLog log;
  Loop loop(log);
  loop.post([] { std::raise(SIGTERM); });
  loop.run_until_signal();
  EXPECT_TRUE(loop.stopping());
}

TEST(Loop, CancelsOneTaskOnRequest) {
  LoopThread t;
  bool woke = false;
  auto cancel = t.loop.spawn_cancellable("sleeper", sleeps_for_an_hour(t.loop, woke));
  t.on_loop([] {});  // the task has begun
  t.on_loop([] {});
  t.on_loop(cancel);
  t.on_loop([] {});
  t.on_loop([] {});
  bool ended = false;
  t.on_loop([&] { ended = woke; });
  EXPECT_TRUE(ended);
  t.on_loop(cancel);  // harmless
}

TEST(Loop, RefusesWorkBeyondTheQueue) {
  LoopThread t(1, 1);
  std::latch entered(1), release(1);
  auto block = [&]() -> Result<int> {
    entered.count_down();
    release.wait();
    return 1;
  };
  std::promise<Result<int>> first, second;
  auto keep = [](Task<int> task, std::promise<Result<int>>& into) -> Task<void> {
    auto result = co_await std::move(task);
    into.set_value(std::move(result));
    co_return ok();
  };
  t.loop.spawn("first", keep(t.loop.on_worker(block), first));
  t.start();
  entered.wait();  // the one worker is busy; one more may wait
  t.loop.spawn("second", keep(add_on_worker(t.loop, 1, 1), second));
  auto third = t.await(add_on_worker(t.loop, 2, 2));
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, Errc::busy);
  release.count_down();
  EXPECT_EQ(first.get_future().get().value_or(0), 1);
  EXPECT_EQ(second.get_future().get().value_or(0), 2);
}

TEST(Loop, TurnsAnExceptionOfWorkIntoAnError) {
  LoopThread t;
  auto work = []() -> Result<int> { throw std::runtime_error("boom"); };
  auto result = t.await(t.loop.on_worker(work));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::internal);
}

TEST(Completion, DeliversFromAnotherThread) {
  LoopThread t;
  Completion done(t.loop);
  std::thread other([done]() mutable {
    done.complete(fail(Errc::conflict, "first"));
    done.complete(ok());  // too late
  });
  auto result = t.await(done.wait(test_patience));
  other.join();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().context, "first");
  EXPECT_FALSE(t.await(done.wait(test_patience)));  // the result stays
}

TEST(Completion, TimesOut) {
  LoopThread t;
  Completion done(t.loop);
  auto result = t.await(done.wait(Duration(1)));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::timed_out);
}

TEST(Completion, MayOutliveTheLoop) {
  std::optional<Completion> done;
  {
    LoopThread t;
    done.emplace(t.loop);
  }
  done->complete(ok());
}

TEST(Resolve, PassesNumericAddressesThrough) {
  LoopThread t;
  EXPECT_EQ(t.await(resolve(t.loop, "192.0.2.1", test_patience)).value(),
            std::vector<std::string>{"192.0.2.1"});
  EXPECT_EQ(t.await(resolve(t.loop, "fe80::1%lo", test_patience)).value(),
            std::vector<std::string>{"fe80::1%lo"});
}

TEST(Resolve, FindsLocalhostAndReportsWhatIsNotThere) {
  LoopThread t;
  auto local = t.await(resolve(t.loop, "localhost", test_patience));
  ASSERT_TRUE(local);
  EXPECT_FALSE(local->empty());
  auto nothing = t.await(resolve(t.loop, "no-such-host.invalid", test_patience));
  ASSERT_FALSE(nothing);
  EXPECT_NE(nothing.error().context.find("no-such-host.invalid"), std::string::npos);
}

}  // namespace
}  // namespace fairlead::net
