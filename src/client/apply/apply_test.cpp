// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "client/apply/bundle.h"
#include "client/apply/history.h"
#include "client/apply/run.h"

namespace fairlead::client {
namespace {

using namespace std::chrono_literals;

std::vector<Job> jobs(std::size_t count) {
  std::vector<Job> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i].row.id = std::to_string(i);
  return out;
}
Outcome failed(ProblemKind kind) { return {Outcome::Kind::failed, {}, {kind, "words", {}}}; }

TEST(ApplyRun, StartsNoMoreThanItMayAtOnce) {
  ApplyRun run(jobs(5), 2);
  ASSERT_TRUE(run.next(Time{}));
  ASSERT_TRUE(run.next(Time{}));
  EXPECT_FALSE(run.next(Time{}));
  EXPECT_EQ(run.counts().running, 2u);
  EXPECT_TRUE(run.ended("0", {}, Time{}));
  EXPECT_EQ(run.next(Time{})->row.id, "2");
  EXPECT_EQ(run.counts().left, 2u);
}

TEST(ApplyRun, WhatPassesByItselfIsTriedAgainLaterAndNotForEver) {
  ApplyRun run(jobs(1), 8);
  Time now{};
  for (unsigned attempt = 1; attempt < apply_attempts_max; ++attempt) {
    ASSERT_TRUE(run.next(now));
    EXPECT_FALSE(run.ended("0", failed(ProblemKind::busy), now));
    EXPECT_FALSE(run.next(now));
    ASSERT_TRUE(run.wake());
    EXPECT_GE(*run.wake() - now, apply_pause);
    now = *run.wake();
  }
  ASSERT_TRUE(run.next(now));
  EXPECT_TRUE(run.ended("0", failed(ProblemKind::unreachable), now));
  EXPECT_TRUE(run.over());
  EXPECT_EQ(run.counts().failed, 1u);
}

TEST(ApplyRun, WhatDoesNotPassIsNotTriedAgain) {
  ApplyRun run(jobs(1), 8);
  run.next(Time{});
  EXPECT_TRUE(run.ended("0", failed(ProblemKind::forbidden), Time{}));
  EXPECT_TRUE(run.over());
}

TEST(ApplyRun, StoppedItEndsWithWhatRuns) {
  ApplyRun run(jobs(3), 1);
  run.next(Time{});
  run.stop();
  EXPECT_FALSE(run.over());
  EXPECT_TRUE(run.ended("0", {}, Time{}));
  EXPECT_TRUE(run.over());
  EXPECT_EQ(run.counts().left, 2u);
}

TEST(JournalLine, ComesBackAsItWas) {
  JournalLine line{Time{1s},    "r",   Step::claimed, "d-1", "SN",
                   "https://x", "why", "do",          "ada", Before{true, "old name", "known"}};
  auto back = decode_journal_line(to_line(line));
  ASSERT_TRUE(back) << back.error().context;
  EXPECT_EQ(*back, line);
  for (const char* bad : {"", "{}", R"({"at":"x","row":"r","step":"done"})",
                          R"({"at":"2026-01-01T00:00:00Z","row":"r","step":"dance"})"})
    EXPECT_FALSE(decode_journal_line(bad)) << bad;
}

TEST(Bundle, AGrantThatWasNotDeliveredIsNotGivenUpForANewOffer) {
  BundleEntry entry;
  entry.row = "r";
  EXPECT_FALSE(holds_undelivered({entry}, "r"));  // an Offer alone: a newer one is better
  entry.grant = Bytes(10, 1);
  EXPECT_TRUE(holds_undelivered({entry}, "r"));
  EXPECT_FALSE(holds_undelivered({entry}, "s"));
  entry.delivered = true;
  EXPECT_FALSE(holds_undelivered({entry}, "r"));
}

TEST(History, PassesOverWhatWasCutOffAndRefusesAnyOtherDamage) {
  JournalLine line{Time{1s}, "r", Step::done, "d-1", {}, {}, {}, {}, {}, {}};
  std::string text = to_line(line) + "\n";
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    auto history = History::read(text + text.substr(0, cut));
    ASSERT_TRUE(history);
    EXPECT_EQ(history->find("r")->last, Step::done);
  }
  auto damaged = History::read("rubbish\n" + text);
  ASSERT_FALSE(damaged);
  EXPECT_NE(damaged.error().context.find("line 1"), std::string::npos);
}

TEST(History, TheFirstImageBeforeIsTheOneToGoBackTo) {
  History history;
  JournalLine line;
  line.row = "r";
  line.step = Step::claimed;
  line.before = Before{false, {}, {}};
  history.add(line);
  line.before = Before{true, "mine", "granted"};
  history.add(line);
  EXPECT_FALSE(history.find("r")->before->known) << "an interrupted run made it known";
  line.step = Step::undone;
  line.before.reset();
  history.add(line);
  EXPECT_FALSE(history.find("r")->before);
}

}  // namespace
}  // namespace fairlead::client
