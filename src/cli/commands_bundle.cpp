// SPDX-License-Identifier: Apache-2.0
// Provisioning where server and devices are never reachable at once: collect, exchange, deliver.
#include "cli/plant.h"
#include "client/apply/job.h"
#include "crypto/system_random.h"
#include "tool/bundle_file.h"
#include "tool/journal_file.h"

namespace fairlead::cli {

namespace {

struct Look {
  tool::ProjectFile project;
  client::Seen seen;
  std::vector<client::Line> lines;
};

Answer<std::unique_ptr<Look>> look(Context& context) {
  auto out = std::make_unique<Look>();
  TRY(out->project, open_project(context));
  TRY(out->seen, look_around(context, out->project.plan.rows));
  out->lines = client::compare(out->project.plan, out->seen.devices(), out->project.history);
  return out;
}

client::JobOptions job_options(const Context& context) {
  return {context.in.get("account"), context.in.has("button")};
}

tool::BundleFile::Watch watch(Context& context) {
  return {[&](const std::string& words) { context.console.note(client::plain_text(words)); },
          context.go_on};
}

// How many went wrong decides what the command says.
Answer<void> conclude(Context& context, const tool::BundleFile::Count& count, const char* what) {
  context.console.note(std::to_string(count.good) + " " + what + ", " + std::to_string(count.bad) +
                       " not");
  if (count.bad == 0) return {};
  return problem(ProblemKind::partly_refused, "not every device is through");
}

}  // namespace

Answer<void> bundle_collect(Context& context) {
  TRY(auto at, look(context));
  TRY(auto bundle,
      tool::BundleFile::open(context.in.get("bundle"), tool::ProjectFile::IfMissing::begin));
  crypto::SystemRandom random;
  auto jobs = client::ready_jobs(at->lines, at->project.history);
  TRY(auto count,
      bundle.collect(jobs, job_options(context), context.connect_device, random, watch(context)));
  return conclude(context, count, "Offers collected");
}

Answer<void> bundle_exchange(Context& context) {
  TRY(auto bundle, tool::BundleFile::open(context.in.get("bundle")));
  TRY(auto count, bundle.exchange(context.api, context.in.get("account"), watch(context)));
  return conclude(context, count, "Grants are in the bundle");
}

Answer<void> bundle_deliver(Context& context) {
  TRY(auto bundle, tool::BundleFile::open(context.in.get("bundle")));
  TRY(auto at, look(context));
  auto journal = tool::JournalFile::open(at->project.journal());
  if (!journal) return std::unexpected(own_problem(journal.error()));
  crypto::SystemRandom random;
  client::Beside beside{random, context.connect_device,
                        [&](client::JournalLine line) -> Answer<void> {
                          line.at = context.clock();
                          if (auto added = (*journal)->add(line); !added)
                            return std::unexpected(own_problem(added.error()));
                          return {};
                        },
                        context.wait};
  auto jobs = client::ready_jobs(at->lines, at->project.history);
  TRY(auto count, bundle.deliver(jobs, job_options(context), beside, watch(context)));
  return conclude(context, count, "Grants delivered");
}

}  // namespace fairlead::cli
