// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cli/plant.h"
#include "client/plan/import.h"
#include "crypto/system_random.h"
#include "tool/journal_file.h"

namespace fairlead::cli {

namespace {

using client::Field;

std::unexpected<Problem> failed(const Error& error) {
  return problem(error.code == Errc::busy ? ProblemKind::busy : ProblemKind::failed, error.context);
}

// --map "Serial No=serial,Ort=location"
Answer<std::map<std::string, Field>> named_columns(const Context& context) {
  std::map<std::string, Field> out;
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

Answer<Project> open_project(const Context& context, bool fresh) {
  Project out;
  out.file = context.in.get("project");
  std::error_code error;
  bool there = std::filesystem::exists(out.file, error);
  if (!there && !fresh)
    return problem(ProblemKind::not_found, out.file + ": there is no such project",
                   "`fairlead plan import TABLE --project " + out.file + "` makes one.");
  if (there) {
    TRY(auto text, read_text_file(out.file, client::project_bytes_max));
    auto plan = client::decode_project(text);
    if (!plan) return problem(ProblemKind::failed, out.file + ": " + plan.error().context);
    out.plan = std::move(*plan);
  }
  auto history = tool::JournalFile::read(out.journal());
  if (!history) return failed(history.error());
  out.history = std::move(*history);
  return out;
}

Answer<void> save_project(const Project& project) {
  return write_file(project.file, client::encode_project(project.plan), 0600);
}

Answer<void> plan_import(Context& context) {
  TRY(auto named, named_columns(context));
  TRY(auto project, open_project(context, true));
  const std::string& file = context.argument(0);
  TRY(auto text, read_text_file(file, client::sheet_bytes_max));
  auto sheet = client::decode_csv(as_view(text));
  if (!sheet) return problem(ProblemKind::failed, file + ": " + sheet.error().context);
  crypto::SystemRandom random;
  auto imported = client::import_sheet(*sheet, project.plan, named, random);
  if (!imported) return complain(context, imported.error(), file, sheet->name);
  for (const std::string& each : imported->passed_over)
    context.console.note("column '" + client::plain_text(each) + "' was passed over");
  project.plan = std::move(imported->plan);
  if (!context.in.has("dry-run")) TRY_VOID(save_project(project));
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

json::object to_json(const client::Line& line) {
  json::object out{{"state", to_string(line.state)},
                   {"ready", line.ready},
                   {"reason", line.reason},
                   {"next", line.next}};
  if (line.row) {
    out["row"] = line.row->id;
    for (const auto& info : client::fields())
      if (info.field != Field::code && !(*line.row)[info.field].empty())
        out[info.key] = (*line.row)[info.field];
  }
  if (line.device) {
    out["device"] = line.device->key;
    out["found"] = {{"serial", line.device->said.serial},
                    {"model", line.device->said.model},
                    {"firmware", line.device->said.firmware},
                    {"url", line.device->places.empty() ? "" : line.device->places.front().url()}};
  }
  json::array differences;
  for (const auto& each : line.differences)
    differences.push_back(
        {{"field", info_of(each.field).key}, {"planned", each.planned}, {"found", each.found}});
  if (!differences.empty()) out["differences"] = std::move(differences);
  return out;
}

}  // namespace

void print_lines(Context& context, const std::vector<client::Line>& lines) {
  if (context.as_json()) {
    json::array out;
    for (const auto& each : lines) out.push_back(to_json(each));
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
