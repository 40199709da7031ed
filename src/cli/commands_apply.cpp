// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "cli/plant.h"
#include "client/plan/shown.h"
#include "crypto/system_random.h"
#include "tool/apply.h"

namespace fairlead::cli {

namespace {

using client::Field;

// Rows that --rows names, by id, name or serial; all without it.
bool is_wanted(const std::vector<std::string>& wanted, const client::Row& row) {
  return wanted.empty() || std::ranges::any_of(wanted, [&](const std::string& each) {
           return each == row.id || each == row[Field::name] || each == row[Field::serial];
         });
}

void tell_left_out(const Context& context, const std::vector<client::Line>& lines) {
  std::map<std::string, std::size_t> counts;
  for (const auto& line : lines)
    if (line.row && !line.ready) ++counts[std::string(to_string(line.state))];
  for (const auto& [state, count] : counts)
    context.console.note("left out: " + std::to_string(count) + " " + state);
}

void tell_end(const Context& context, const client::Row& row, const client::Outcome& outcome,
              const client::ApplyCounts& counts) {
  if (context.as_json()) {
    context.print(json::serialize(client::to_json(row, outcome)) + "\n");
    return;
  }
  auto through = counts.done + counts.waiting + counts.failed;
  std::string said = "[" + std::to_string(through) + "/" + std::to_string(counts.all) + "] " +
                     (row[Field::name].empty() ? row[Field::serial] : row[Field::name]) + ": " +
                     std::string(to_string(outcome.kind));
  if (!outcome.why.message.empty()) said += ": " + outcome.why.message;
  context.console.note(client::plain_text(said));
}

}  // namespace

Answer<void> apply_plan(Context& context) {
  TRY(auto at_once,
      context.in.number("at-once", client::apply_at_once_default, 1, client::apply_at_once_max));
  TRY(auto project, open_project(context));
  TRY(auto seen, look_around(context, project.plan.rows));
  auto devices = seen.devices();
  auto lines = client::compare(project.plan, devices, project.history);
  auto wanted = list_of_words(context.in.get("rows"));
  std::erase_if(
      lines, [&](const client::Line& line) { return line.row && !is_wanted(wanted, *line.row); });
  if (context.in.has("dry-run")) {
    print_lines(context, lines);
    return {};
  }
  auto jobs = client::ready_jobs(lines, project.history);
  tell_left_out(context, lines);
  if (jobs.empty()) {
    context.console.note("Nothing is ready to be provisioned.");
    return {};
  }
  auto journal = tool::JournalFile::open(project.journal());
  if (!journal) return std::unexpected(own_problem(journal.error()));
  TRY(auto me, context.api.get(client::api_path({"me"})));
  crypto::SystemRandom random;
  auto counts =
      tool::apply({.jobs = std::move(jobs),
                   .at_once = static_cast<std::size_t>(at_once),
                   .options = {context.in.get("account"), context.in.has("button")},
                   .server = context.api,
                   .random = random,
                   .journal = **journal,
                   .clock = context.clock,
                   .by = client::text_at(me.value, "id"),
                   .connect = context.connect_device,
                   .ended = [&](const auto& row, const auto& outcome,
                                const auto& now) { tell_end(context, row, outcome, now); },
                   .go_on = context.go_on});
  context.console.note(std::to_string(counts.done) + " done, " + std::to_string(counts.waiting) +
                       " waiting, " + std::to_string(counts.failed) + " failed, " +
                       std::to_string(counts.left) + " not begun");
  if (counts.done == counts.all) return {};
  return problem(
      ProblemKind::partly_refused, "not every device was provisioned",
      "`fairlead report --project " + project.path + "` tells why; apply again goes on.");
}

}  // namespace fairlead::cli
