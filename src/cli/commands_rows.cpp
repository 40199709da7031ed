// SPDX-License-Identifier: Apache-2.0
// What a person does with single rows of a plan, and what leaves it: report, table, nameplates.
#include <boost/json.hpp>

#include "cli/plant.h"
#include "client/apply/job.h"
#include "client/report/report.h"
#include "crypto/system_random.h"
#include "tool/journal_file.h"

namespace fairlead::cli {

namespace {

using client::Field;

Answer<void> save(const tool::ProjectFile& project) {
  if (auto saved = project.save(); !saved) return std::unexpected(own_problem(saved.error()));
  return {};
}

Answer<void> set_checked(client::Row& row, Field field, const std::string& value) {
  if (auto why = client::objection(field, value))
    return problem(ProblemKind::usage, std::string(info_of(field).key) + " " + *why);
  row[field] = value;
  return {};
}

Answer<void> take_identity(Context& context, client::Row& row) {
  TRY_VOID(set_checked(row, Field::serial, context.in.get("serial")));
  TRY_VOID(set_checked(row, Field::product_uri, context.in.get("product-uri")));
  if (context.in.has("code")) TRY_VOID(set_checked(row, Field::code, context.in.get("code")));
  return {};
}

Answer<std::unique_ptr<tool::JournalFile>> open_journal(const tool::ProjectFile& project) {
  auto journal = tool::JournalFile::open(project.journal());
  if (!journal) return std::unexpected(own_problem(journal.error()));
  return std::move(*journal);
}

Answer<void> note_step(Context& context, tool::JournalFile& journal, const std::string& row,
                       client::Step step) {
  client::JournalLine line;
  line.at = context.clock();
  line.row = row;
  line.step = step;
  line.reason = context.in.get("reason");
  if (auto added = journal.add(line); !added) return std::unexpected(own_problem(added.error()));
  return {};
}

Answer<void> write_rows(Context& context, const std::string& name, const client::Cells& rows,
                        unsigned mode) {
  const std::string out = context.in.get("out");
  auto written = tool::write_table(out, name, rows, mode);
  if (!written) return std::unexpected(own_problem(written.error()));
  context.console.note(std::to_string(rows.size() - 1) + " rows are in " + out);
  return {};
}

// {"Acme": {"street": …, "postcode": …, "town": …, "country": …}}
Answer<std::unordered_map<std::string, client::VendorAddress>> read_vendors(
    const std::string& file) {
  std::unordered_map<std::string, client::VendorAddress> out;
  TRY(auto text, read_text_file(file, 1024 * 1024));
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error || !value.is_object())
    return problem(ProblemKind::failed, file + ": not a JSON object of vendors");
  for (const auto& vendor : value.get_object()) {
    const auto of = [&](const char* name) { return client::text_at(vendor.value(), name); };
    client::VendorAddress address{of("street"), of("postcode"), of("town"), of("country")};
    if (address.street.empty() || address.postcode.empty() || address.town.empty() ||
        address.country.empty())
      return problem(ProblemKind::failed, file + ": vendor '" + std::string(vendor.key()) +
                                              "' lacks street, postcode, town or country");
    out.emplace(vendor.key(), std::move(address));
  }
  return out;
}

}  // namespace

Answer<void> plan_bind(Context& context) {
  TRY(auto project, open_project(context));
  TRY(auto* row, find_row(project.plan, context.argument(0)));
  TRY_VOID(take_identity(context, *row));
  return save(project);
}

// The row stays; the device that it had is revoked when the next one is granted access.
Answer<void> plan_replace(Context& context) {
  TRY(auto project, open_project(context));
  TRY(auto* row, find_row(project.plan, context.argument(0)));
  TRY_VOID(take_identity(context, *row));
  // The journal first: a row with the new serial and the old device's history would be taken for
  // one that was provisioned.
  TRY(auto journal, open_journal(project));
  TRY_VOID(note_step(context, *journal, row->id, client::Step::replaced));
  return save(project);
}

Answer<void> plan_ignore(Context& context) {
  TRY(auto project, open_project(context));
  const std::string& key = context.argument(0);
  std::erase(project.plan.ignored, key);
  if (!context.in.has("again")) project.plan.ignored.push_back(key);
  return save(project);
}

Answer<void> plan_undo(Context& context) {
  TRY(auto project, open_project(context));
  // First, for where another program works on the project nothing may be undone unnoted.
  TRY(auto journal, open_journal(project));
  for (const std::string& wanted : list_of_words(context.in.get("rows"))) {
    TRY(auto* row, find_row(project.plan, wanted));
    const client::RowHistory* history = project.history.find(row->id);
    if (!history)
      return problem(ProblemKind::conflict, "nothing was done for row '" + wanted + "'");
    TRY_VOID(client::undo(*history, context.api, context.in.get("reason")));
    TRY_VOID(note_step(context, *journal, row->id, client::Step::undone));
    context.console.note(wanted + ": undone");
  }
  return {};
}

Answer<void> plan_export(Context& context) {
  TRY(auto project, open_project(context));
  if (!context.in.has("with-codes"))
    return write_rows(context, "Plan", client::table_of(project.plan, client::Codes::left_out),
                      0644);
  return write_rows(context, "Plan", client::table_of(project.plan, client::Codes::included), 0600);
}

Answer<void> report(Context& context) {
  TRY(auto project, open_project(context));
  auto rows = client::report_of(project.plan, project.history);
  if (context.in.has("out")) return write_rows(context, "Report", rows, 0644);
  Table table{
      {"NAME", "SERIAL", "RESULT", "DEVICE", "REASON"}, {}, {true, true, true, true, false}};
  for (std::size_t i = 1; i < rows.size(); ++i)
    table.rows.push_back({rows[i][1], rows[i][4], rows[i][7], rows[i][8], rows[i][12]});
  context.print_table(table);
  return {};
}

Answer<void> nameplate(Context& context) {
  TRY(auto project, open_project(context));
  TRY(auto vendors, read_vendors(context.in.get("vendors")));
  auto plates = client::nameplates_of(project.plan, vendors);
  for (const std::string& each : plates.missing)
    context.console.note("left out: " + client::plain_text(each));
  TRY_VOID(write_file(context.in.get("out"), json::serialize(plates.environment) + "\n"));
  context.console.note(std::to_string(plates.count) + " nameplates are in " +
                       context.in.get("out"));
  if (plates.missing.empty()) return {};
  return problem(ProblemKind::partly_refused, "some rows lack what a nameplate must have");
}

// The device blinks, so that a person finds it: by its address, or as a row of a plan.
Answer<void> identify(Context& context) {
  TRY(auto seconds, context.in.number("for", 10, 0, 60));
  client::Access access;
  access.button = context.in.has("button");
  std::vector<std::string> urls;
  if (context.in.has("address")) urls.push_back(context.in.get("address"));
  if (context.in.has("project")) {
    TRY(auto project, open_project(context));
    TRY(auto* row, find_row(project.plan, context.argument_or(0)));
    TRY(auto seen, look_around(context, {*row}));
    auto devices = seen.devices();
    access.code = (*row)[Field::code];
    for (const auto& line : client::compare(project.plan, devices, project.history))
      if (line.row == row && line.device) urls = client::urls_of(*line.device);
    if (urls.empty()) return problem(ProblemKind::not_found, "the row's device is not seen");
  }
  if (urls.empty()) return problem(ProblemKind::usage, "say --address, or --project and a row");
  if (access.code.empty() && !access.button) {
    TRY(access.code, code_of_label(context));
  }
  crypto::SystemRandom random;
  TRY_VOID(client::identify(urls, access, static_cast<std::uint8_t>(seconds),
                            context.connect_device, random));
  context.console.note("It shows itself for " + std::to_string(seconds) + " s.");
  return {};
}

}  // namespace fairlead::cli
