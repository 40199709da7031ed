// SPDX-License-Identifier: Apache-2.0
#include "client/apply/run.h"

#include <algorithm>

namespace fairlead::client {

namespace {

bool passes_by_itself(const Outcome& outcome) {
  return outcome.kind == Outcome::Kind::failed &&
         (outcome.why.kind == ProblemKind::busy || outcome.why.kind == ProblemKind::unreachable);
}

}  // namespace

std::string_view to_string(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::Kind::done:
      return "done";
    case Outcome::Kind::waiting:
      return "waiting";
    case Outcome::Kind::failed:
      break;
  }
  return "failed";
}

ApplyRun::ApplyRun(std::vector<Job> jobs, std::size_t at_once)
    : at_once_(std::clamp<std::size_t>(at_once, 1, apply_at_once_max)) {
  counts_.all = jobs.size();
  for (Job& job : jobs) waiting_.push_back({std::move(job)});
}

const Job* ApplyRun::next(Time now) {
  if (running_.size() >= at_once_) return nullptr;
  auto found =
      std::ranges::find_if(waiting_, [&](const Waiting& each) { return each.not_before <= now; });
  if (found == waiting_.end()) return nullptr;
  std::string row = found->job.row.id;
  auto started = running_.emplace(row, std::move(*found)).first;
  waiting_.erase(found);
  ++started->second.attempts;
  return &started->second.job;
}

std::optional<Time> ApplyRun::wake() const {
  if (running_.size() >= at_once_ || waiting_.empty()) return std::nullopt;
  return std::ranges::min_element(waiting_, {}, &Waiting::not_before)->not_before;
}

bool ApplyRun::ended(const std::string& row, const Outcome& outcome, Time now) {
  auto node = running_.extract(row);
  if (node.empty()) return false;
  Waiting& job = node.mapped();
  if (passes_by_itself(outcome) && job.attempts < apply_attempts_max) {
    job.not_before = now + apply_pause * (1 << (job.attempts - 1));
    waiting_.push_back(std::move(job));
    return false;
  }
  switch (outcome.kind) {
    case Outcome::Kind::done:
      ++counts_.done;
      break;
    case Outcome::Kind::waiting:
      ++counts_.waiting;
      break;
    case Outcome::Kind::failed:
      ++counts_.failed;
      break;
  }
  return true;
}

void ApplyRun::stop() { waiting_.clear(); }

bool ApplyRun::over() const { return waiting_.empty() && running_.empty(); }

ApplyCounts ApplyRun::counts() const {
  ApplyCounts out = counts_;
  out.running = running_.size();
  out.left = out.all - out.done - out.waiting - out.failed - out.running;
  return out;
}

}  // namespace fairlead::client
