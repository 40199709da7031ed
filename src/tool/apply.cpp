// SPDX-License-Identifier: Apache-2.0
#include "tool/apply.h"

#include <algorithm>
#include <condition_variable>
#include <thread>

namespace fairlead::tool {

namespace {

using client::Outcome;
using client::Step;

constexpr Duration look_again = std::chrono::milliseconds(200);

Step step_of(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::Kind::done:
      return Step::done;
    case Outcome::Kind::waiting:
      return Step::waiting;
    case Outcome::Kind::failed:
      break;
  }
  return Step::failed;
}

class Driver {
 public:
  explicit Driver(const ApplySetup& setup) : setup_(setup), run_(setup.jobs, setup.at_once) {}

  client::ApplyCounts all() {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < std::min(setup_.at_once, setup_.jobs.size()); ++i)
      threads.emplace_back([this] { work(); });
    for (std::thread& each : threads) each.join();
    return run_.counts();
  }

 private:
  client::Answer<void> note(client::JournalLine line) {
    line.at = setup_.clock();
    line.by = setup_.by;
    auto written = setup_.journal.add(line);
    if (!written) return client::problem(client::ProblemKind::failed, written.error().context);
    return {};
  }

  void work() {
    client::Workplace place{{setup_.random, setup_.connect,
                             [this](client::JournalLine line) { return note(std::move(line)); },
                             [](Duration time) { std::this_thread::sleep_for(time); }},
                            setup_.server};
    std::unique_lock lock(mutex_);
    while (!run_.over()) {
      if (!setup_.go_on()) run_.stop();
      const client::Job* job = run_.next(setup_.clock());
      if (!job) {
        changed_.wait_for(lock, look_again);
        continue;
      }
      lock.unlock();
      Outcome outcome = client::carry_out(*job, setup_.options, place);
      lock.lock();
      end(job->row, std::move(outcome));
    }
    changed_.notify_all();
  }

  void end(client::Row row, Outcome outcome) {
    client::JournalLine line;
    line.row = row.id;
    line.step = step_of(outcome.kind);
    line.device = outcome.device;
    line.reason = outcome.why.message;
    line.advice = outcome.why.advice;
    // A journal that can't be written ends the run: nothing more may happen that nobody would know.
    if (auto noted = note(std::move(line)); !noted) {
      outcome = {Outcome::Kind::failed, outcome.device, noted.error()};
      run_.stop();
    }
    if (run_.ended(row.id, outcome, setup_.clock())) setup_.ended(row, outcome, run_.counts());
    changed_.notify_all();
  }

  const ApplySetup& setup_;
  std::mutex mutex_;
  std::condition_variable changed_;
  client::ApplyRun run_;
};

}  // namespace

client::ApplyCounts apply(const ApplySetup& setup) { return Driver(setup).all(); }

}  // namespace fairlead::tool
