// SPDX-License-Identifier: Apache-2.0
// What a person does with single rows of a plan, and what leaves it: report, table, nameplates.
#include <boost/json.hpp>

#include "cli/plant.h"
#include "client/apply/job.h"
#include "client/report/report.h"
#include "crypto/system_random.h"
#include "tool/row_changes.h"

namespace fairlead::cli {

namespace {

using client::Field;

Answer<void> save(const tool::ProjectFile& project) {
  if (auto saved = project.save(); !saved) return std::unexpected(own_problem(saved.error()));
  return {};
}

client::RowIdentity identity_in(const Context& context) {
  client::RowIdentity out{context.in.get("serial"), context.in.get("product-uri")};
  if (context.in.has("code")) out.code = context.in.get("code");
  return out;
}

tool::Deed deed_in(const Context& context) { return {{}, context.in.get("reason"), context.clock}; }

Answer<void> write_rows(Context& context, const std::string& name, const client::Cells& rows,
                        unsigned mode) {
  const std::string out = context.in.get("out");
  auto written = tool::write_table(out, name, rows, mode);
  if (!written) return std::unexpected(own_problem(written.error()));
  context.console.note(std::to_string(rows.size() - 1) + " rows are in " + out);
  return {};
}

Answer<std::unordered_map<std::string, client::VendorAddress>> read_vendors(
    const std::string& file) {
  TRY(auto text, read_text_file(file, client::vendors_bytes_max));
  auto vendors = client::decode_vendors(text).in(file);
  if (!vendors) return std::unexpected(own_problem(vendors.error()));
  return std::move(*vendors);
}

}  // namespace

Answer<void> plan_bind(Context& context) {
  TRY(auto project, open_project(context));
  TRY(auto* row, client::find_row(project.plan, context.argument(0)));
  TRY_VOID(client::bind(*row, identity_in(context)));
  return save(project);
}

// The row stays; the device that it had is revoked when the next one is granted access.
Answer<void> plan_replace(Context& context) {
  TRY(auto project, open_project(context));
  TRY(auto* row, client::find_row(project.plan, context.argument(0)));
  return tool::replace_device(project, *row, identity_in(context), deed_in(context));
}

Answer<void> plan_ignore(Context& context) {
  TRY(auto project, open_project(context));
  client::set_attention(
      project.plan, context.argument(0),
      context.in.has("again") ? client::Attention::shown : client::Attention::ignored);
  return save(project);
}

Answer<void> plan_undo(Context& context) {
  TRY(auto project, open_project(context));
  std::vector<std::string> ids;
  for (const std::string& wanted : list_of_words(context.in.get("rows"))) {
    TRY(auto* row, client::find_row(project.plan, wanted));
    ids.push_back(row->id);
  }
  return tool::undo(project, ids, context.api, deed_in(context), [&](const std::string& id) {
    const client::Row& row = *project.plan.find(id);
    context.console.note((row[Field::name].empty() ? id : row[Field::name]) + ": undone");
  });
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
    TRY(auto* row, client::find_row(project.plan, context.argument_or(0)));
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
