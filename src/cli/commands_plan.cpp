// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/json.hpp>

#include "cli/plant.h"
#include "client/plan/import.h"
#include "client/plan/shown.h"
#include "crypto/system_random.h"

namespace fairlead::cli {

namespace {

using client::Field;

// --map "Serial No=serial,Ort=location"
Answer<client::NamedColumns> named_columns(const Context& context) {
  client::NamedColumns out;
  std::string_view rest;
  std::string text = context.in.get("map");
  for (rest = text; !rest.empty();) {
    auto each = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), each.size() + 1));
    auto equals = each.rfind('=');
    auto field =
        equals == each.npos ? std::nullopt : client::field_from_key(each.substr(equals + 1));
    if (!field) {
      std::string known;
      for (const auto& info : client::fields()) known += " " + std::string(info.key);
      return problem(ProblemKind::usage, "--map: '" + std::string(each) + "' is no HEADER=FIELD",
                     "Fields are:" + known);
    }
    out.emplace(each.substr(0, equals), *field);
  }
  return out;
}

std::unexpected<Problem> complain(const Context& context, const client::Refused& refused,
                                  const std::string& file, const std::string& sheet) {
  for (const auto& each : refused.complaints)
    context.console.note(file + ": " + client::plain_text(in_words(each, sheet)));
  if (refused.more) context.console.note("... and " + std::to_string(refused.more) + " more");
  return problem(ProblemKind::failed, file + " was not imported; the project is as it was");
}

}  // namespace

Answer<tool::ProjectFile> open_project(const Context& context,
                                       tool::ProjectFile::IfMissing missing) {
  auto out = tool::ProjectFile::open(context.in.get("project"), missing);
  if (out) return std::move(*out);
  Problem why = own_problem(out.error());
  if (why.kind == ProblemKind::not_found)
    why.advice =
        "`fairlead plan import TABLE --project " + context.in.get("project") + "` makes a project.";
  return std::unexpected(std::move(why));
}

std::vector<std::string> list_of_words(const std::string& text) {
  std::vector<std::string> out;
  for (std::string_view rest = text; !rest.empty();) {
    auto each = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), each.size() + 1));
    if (!each.empty()) out.emplace_back(each);
  }
  return out;
}

Answer<void> plan_import(Context& context) {
  TRY(auto named, named_columns(context));
  TRY(auto project, open_project(context, tool::ProjectFile::IfMissing::begin));
  const std::string& file = context.argument(0);
  auto sheet = tool::read_table(file, context.in.get("sheet"));
  if (!sheet) return std::unexpected(own_problem(sheet.error()));
  crypto::SystemRandom random;
  auto imported = client::import_sheet(*sheet, project.plan, named, random);
  if (!imported) return complain(context, imported.error(), file, sheet->name);
  for (const std::string& each : imported->passed_over)
    context.console.note("column '" + client::plain_text(each) + "' was passed over");
  project.plan = std::move(imported->plan);
  auto saved = context.in.has("dry-run") ? ok() : project.save();
  if (!saved) return std::unexpected(own_problem(saved.error()));
  json::object counts{{"added", imported->added},
                      {"changed", imported->changed},
                      {"unchanged", imported->unchanged},
                      {"removed", imported->removed}};
  if (context.as_json()) {
    context.print(json::serialize(counts) + "\n");
    return {};
  }
  std::string said;
  for (const auto& each : counts)
    said +=
        (said.empty() ? "" : ", ") + json::serialize(each.value()) + " " + std::string(each.key());
  context.console.note("rows: " + said + (context.in.has("dry-run") ? " (nothing kept)" : ""));
  return {};
}

namespace {

std::string name_of(const client::Line& line) {
  if (!line.row) return "";
  const std::string& name = (*line.row)[Field::name];
  return name.empty() ? line.row->id : name;
}

}  // namespace

void print_lines(Context& context, const std::vector<client::Line>& lines) {
  if (context.as_json()) {
    json::array out;
    for (const auto& each : lines) out.push_back(client::to_json(each));
    context.print(json::serialize(out) + "\n");
    return;
  }
  Table table{{"STATE", "NAME", "SERIAL", "TYPE", "ADDRESS", "REASON"},
              {},
              {true, true, true, false, true, false}};
  for (const auto& line : lines) {
    const auto* said = line.device ? &line.device->said : nullptr;
    std::string serial = said && !said->serial.empty() ? said->serial
                         : line.row                    ? (*line.row)[Field::serial]
                                                       : "";
    std::string type = said && !said->model.empty() ? said->model
                       : line.row                   ? (*line.row)[Field::type]
                                                    : "";
    std::string address =
        line.device && !line.device->places.empty() ? line.device->places.front().url() : "";
    table.rows.push_back(
        {std::string(to_string(line.state)), name_of(line), serial, type, address, line.reason});
  }
  context.print_table(table);
}

Answer<void> plan_compare(Context& context) {
  TRY(auto project, open_project(context));
  TRY(auto seen, look_around(context, project.plan.rows));
  auto devices = seen.devices();
  print_lines(context, client::compare(project.plan, devices, project.history));
  return {};
}

}  // namespace fairlead::cli
