// SPDX-License-Identifier: Apache-2.0
#include "registry/group_commit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "registry/sqlite/sqlite_registry.h"
#include "support/fail_nth_registry.h"
#include "support/temporary_directory.h"

namespace fairlead::registry {
namespace {

Transaction setting(const std::string& name) { return {InsertSetting{name, {1}}}; }

// A registry whose commits are counted and wait until the test lets them go.
class Gated final : public fairlead::test::FailNth {
 public:
  explicit Gated(Registry& real) : FailNth(real, -1) {}
  std::vector<Result<void>> write(std::span<const Transaction> transactions) override {
    std::unique_lock lock(mutex_);
    sizes_.push_back(transactions.size());
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
    if (error_) return std::vector<Result<void>>(transactions.size(), Result<void>(fail(*error_)));
    lock.unlock();
    return FailNth::write(transactions);
  }
  void await_commits(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return sizes_.size() >= count; });
  }
  void open(std::optional<Error> error = std::nullopt) {
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
    open_ = true;
    changed_.notify_all();
  }
  std::vector<std::size_t> sizes() {
    const std::lock_guard lock(mutex_);
    return sizes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  std::optional<Error> error_;
  std::vector<std::size_t> sizes_;
};

class GroupCommitTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = SqliteRegistry::open(folder_.path() / "registry.sqlite");
    ASSERT_TRUE(opened) << to_string(opened.error());
    real_ = std::move(*opened);
    gated_ = std::make_unique<Gated>(*real_);
  }
  GroupCommit::Done count(Errc code) {
    return [this, code](Result<void> outcome) {
      if (outcome)
        ++ok_;
      else if (outcome.error().code == code)
        ++refused_;
    };
  }

  fairlead::test::TemporaryDirectory folder_;
  std::unique_ptr<SqliteRegistry> real_;
  std::unique_ptr<Gated> gated_;
  std::atomic<int> ok_ = 0, refused_ = 0;
};

TEST_F(GroupCommitTest, AFullQueueRefusesAtOnceAndLosesNothingThatWasAccepted) {
  GroupCommit commit(*gated_, {.collect = Duration(0), .batch_max = 1, .queue_max = 3});
  commit.submit(setting("first"), count(Errc::busy));
  gated_->await_commits(1);  // now in the registry's hands, no longer in the queue
  for (int i = 0; i < 5; ++i) commit.submit(setting(std::to_string(i)), count(Errc::busy));
  EXPECT_EQ(refused_, 2);
  gated_->open();
  commit.stop();
  EXPECT_EQ(ok_, 4);
  EXPECT_EQ(refused_, 2);
}

TEST_F(GroupCommitTest, AfterTheStopNothingIsAccepted) {
  gated_->open();
  GroupCommit commit(*gated_);
  commit.stop();
  commit.submit(setting("late"), count(Errc::cancelled));
  EXPECT_EQ(refused_, 1);
  commit.stop();  // once more does no harm
}

TEST_F(GroupCommitTest, AFailingRegistryIsReportedToEachOfTheBatch) {
  fairlead::test::FailNth failing(*real_, 0);
  GroupCommit commit(failing, {.collect = std::chrono::seconds(10), .batch_max = 3});
  std::promise<void> third;
  for (int i = 0; i < 3; ++i)
    commit.submit(setting(std::to_string(i)), [&, i, done = count(Errc::io)](Result<void> outcome) {
      done(std::move(outcome));
      if (i == 2) third.set_value();
    });
  third.get_future().get();
  commit.submit(setting("next"), count(Errc::io));
  commit.stop();
  EXPECT_EQ(refused_, 3);
  EXPECT_EQ(ok_, 1);
}

TEST_F(GroupCommitTest, WhileStoppingAFailingRegistryIsNotWaitedForAgainAndAgain) {
  GroupCommit commit(*gated_, {.collect = Duration(0), .batch_max = 1, .queue_max = 5});
  for (int i = 0; i < 5; ++i) commit.submit(setting(std::to_string(i)), count(Errc::io));
  gated_->await_commits(1);
  std::thread stopper([&] { commit.stop(); });
  // stop() has begun when submit() answers "cancelled" by itself. Until then the queue may take one
  // probe (one of the five is in the registry's hands) and refuses the others; all of them are
  // answered with an error.
  for (bool stopping = false; !stopping;) {
    auto answer = std::make_shared<std::atomic<bool>>(false);
    commit.submit(setting("probe"), [answer](const Result<void>& outcome) {
      *answer = !outcome && outcome.error().code == Errc::cancelled;
    });
    stopping = *answer;
    if (!stopping) std::this_thread::yield();
  }
  gated_->open(Error{Errc::io, "locked"});
  stopper.join();
  EXPECT_EQ(refused_, 5);
  EXPECT_EQ(gated_->sizes().size(), 1u);  // the others were not even tried
}

TEST_F(GroupCommitTest, AConflictConcernsOnlyItsOwnTransaction) {
  gated_->open();
  GroupCommit commit(*gated_);
  for (const char* name : {"a", "b", "a", "c"}) commit.submit(setting(name), count(Errc::conflict));
  commit.stop();
  EXPECT_EQ(ok_, 3);
  EXPECT_EQ(refused_, 1);
}

TEST_F(GroupCommitTest, WhatArrivesDuringACommitSharesTheNextOne) {
  GroupCommit commit(*gated_, {.collect = Duration(0), .batch_max = 100});
  commit.submit(setting("first"), count(Errc::io));
  gated_->await_commits(1);
  for (int i = 0; i < 150; ++i) commit.submit(setting(std::to_string(i)), count(Errc::io));
  gated_->open();
  commit.stop();
  EXPECT_EQ(gated_->sizes(), (std::vector<std::size_t>{1, 100, 50}));
  EXPECT_EQ(ok_, 151);
}

TEST_F(GroupCommitTest, ADoneIsCalledOnlyWhenItsTransactionIsDurable) {
  gated_->open();
  GroupCommit commit(*gated_);
  std::promise<bool> there;
  commit.submit(setting("x"), [&](Result<void> outcome) {
    auto found = real_->find_setting("x");
    there.set_value(outcome && found && *found);
  });
  EXPECT_TRUE(there.get_future().get());
}

TEST_F(GroupCommitTest, ADoneMaySubmitTheNextChange) {
  gated_->open();
  GroupCommit commit(*gated_);
  std::promise<void> second;
  commit.submit(setting("1"), [&](Result<void>) {
    commit.submit(setting("2"), [&](Result<void> outcome) {
      EXPECT_TRUE(outcome);
      second.set_value();
    });
  });
  second.get_future().get();
}

TEST_F(GroupCommitTest, ManyThreadsAreAllAnsweredOnce) {
  gated_->open();
  std::vector<std::thread> threads;
  {
    GroupCommit commit(*gated_);
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 250; ++i)
          commit.submit(setting(std::to_string(t) + "/" + std::to_string(i)), count(Errc::io));
      });
    for (auto& thread : threads) thread.join();
  }
  EXPECT_EQ(ok_, 1000);
  for (const std::size_t size : gated_->sizes()) EXPECT_LE(size, GroupCommitOptions{}.batch_max);
}

}  // namespace
}  // namespace fairlead::registry
