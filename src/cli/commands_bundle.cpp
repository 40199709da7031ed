// SPDX-License-Identifier: Apache-2.0
// Provisioning where server and devices are never reachable at once: collect, exchange, deliver.
#include "client/apply/bundle.h"

#include <algorithm>

#include "cli/plant.h"
#include "client/apply/job.h"
#include "crypto/system_random.h"
#include "disk/whole_file.h"
#include "tool/journal_file.h"

namespace fairlead::cli {

namespace {

using client::BundleEntry;

Answer<std::vector<BundleEntry>> open_bundle(const std::string& file) {
  auto text = disk::read_file(file, local::bundle_bytes_max);
  if (!text) return std::unexpected(own_problem(text.error()));
  auto entries = local::decode_bundle(*text);
  if (!entries) return problem(ProblemKind::failed, file + ": " + entries.error().context);
  return std::move(*entries);
}

Answer<void> save_bundle(const std::string& file, const std::vector<BundleEntry>& entries) {
  auto saved = disk::replace_file(file, local::encode_bundle(entries), 0600);
  if (!saved) return std::unexpected(own_problem(saved.error()));
  return {};
}

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

client::Workplace workplace(Context& context, Random& random) {
  return {context.api, random, context.connect_device,
          [](client::JournalLine) -> Answer<void> { return {}; }, context.wait};
}

// How many went wrong decides what the command says.
Answer<void> conclude(Context& context, std::size_t good, std::size_t bad, const char* what) {
  context.console.note(std::to_string(good) + " " + what + ", " + std::to_string(bad) + " not");
  if (bad == 0) return {};
  return problem(ProblemKind::partly_refused, "not every device is through");
}

}  // namespace

Answer<void> bundle_collect(Context& context) {
  TRY(auto at, look(context));
  const std::string file = context.in.get("bundle");
  std::vector<BundleEntry> entries;
  std::error_code error;
  if (std::filesystem::exists(file, error)) {
    TRY(entries, open_bundle(file));
  }
  crypto::SystemRandom random;
  std::size_t good = 0, bad = 0;
  for (const client::Job& job : client::ready_jobs(at->lines, at->project.history)) {
    if (!context.go_on()) break;
    if (client::holds_undelivered(entries, job.row.id)) {
      context.console.note(client::plain_text(
          job.row[client::Field::name] +
          ": its Grant is in the bundle and not delivered yet: deliver it, or collect into "
          "another bundle"));
      continue;
    }
    auto entry = client::collect(job, job_options(context), workplace(context, random));
    if (!entry) {
      ++bad;
      context.console.note(
          client::plain_text(job.row[client::Field::name] + ": " + entry.error().message));
      continue;
    }
    ++good;
    std::erase_if(entries, [&](const BundleEntry& each) { return each.row == job.row.id; });
    entries.push_back(std::move(*entry));
  }
  TRY_VOID(save_bundle(file, entries));
  return conclude(context, good, bad, "Offers collected");
}

Answer<void> bundle_exchange(Context& context) {
  const std::string file = context.in.get("bundle");
  TRY(auto entries, open_bundle(file));
  Answer<void> asked;
  std::size_t good = 0;
  for (BundleEntry& entry : entries) {
    if (entry.account.empty()) entry.account = context.in.get("account");
    asked = client::exchange(entry, context.api);
    if (!asked) break;
    good += !entry.grant.empty();
    if (!entry.why.empty())
      context.console.note(client::plain_text(entry.serial + ": " + entry.why));
  }
  TRY_VOID(save_bundle(file, entries));  // what was got is kept, whatever came then
  if (!asked) return asked;
  return conclude(context, good, entries.size() - good, "Grants are in the bundle");
}

Answer<void> bundle_deliver(Context& context) {
  const std::string file = context.in.get("bundle");
  TRY(auto entries, open_bundle(file));
  TRY(auto at, look(context));
  auto journal = tool::JournalFile::open(at->project.journal());
  if (!journal) return std::unexpected(own_problem(journal.error()));
  crypto::SystemRandom random;
  auto place = workplace(context, random);
  place.note = [&](client::JournalLine line) -> Answer<void> {
    line.at = context.clock();
    if (auto added = (*journal)->add(line); !added)
      return std::unexpected(own_problem(added.error()));
    return {};
  };
  auto jobs = client::ready_jobs(at->lines, at->project.history);
  std::size_t good = 0, bad = 0;
  for (BundleEntry& entry : entries) {
    if (entry.delivered || entry.grant.empty() || !context.go_on()) continue;
    auto job = std::ranges::find(jobs, entry.row, [](const auto& each) { return each.row.id; });
    Answer<void> delivered = problem(ProblemKind::not_found, "its device is not seen");
    if (job != jobs.end()) delivered = client::deliver(*job, entry, job_options(context), place);
    entry.delivered = delivered.has_value();
    ++(delivered ? good : bad);
    if (!delivered)
      context.console.note(client::plain_text(entry.serial + ": " + delivered.error().message));
    TRY_VOID(save_bundle(file, entries));
  }
  return conclude(context, good, bad, "Grants delivered");
}

}  // namespace fairlead::cli
