// SPDX-License-Identifier: Apache-2.0
#include "cli/context.h"

#include <unistd.h>

#include <algorithm>

#include "disk/whole_file.h"

namespace fairlead::cli {

namespace {

constexpr std::int64_t page_max = 1000;

std::string member_text(const json::value& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return std::string(value.get_string());
  if (!value.is_array()) return json::serialize(value);
  std::string out;
  for (const auto& each : value.get_array()) out += (out.empty() ? "" : ", ") + member_text(each);
  return out;
}

std::string cell(const Context& context, const json::value& item, const Column& column) {
  const json::object* members = item.if_object();
  const json::value* value = members ? members->if_contains(column.member) : nullptr;
  if (!value) return {};
  return column.time ? context.local(member_text(*value)) : member_text(*value);
}

}  // namespace

void Context::print_json(const client::Document& document) const {
  if (document.text.empty()) return;
  print(document.text.ends_with('\n') ? document.text : document.text + "\n");
}

void Context::print_table(const Table& table) const { print(layout(table, console.width)); }

void Context::print_members(const json::value& object) const {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (const json::object* members = object.if_object()) {
    for (const auto& member : *members) {
      std::string text = member_text(member.value());
      auto time = from_rfc3339(text);
      std::string name(member.key());
      std::ranges::replace(name, '_', ' ');
      pairs.emplace_back(std::move(name), time ? local(text) : text);
    }
  }
  print(layout_pairs(pairs));
}

std::string Context::local(const std::string& rfc3339) const {
  auto time = from_rfc3339(rfc3339);
  return time ? console.local_time(*time) : rfc3339;
}

Answer<std::string> read_text_file(const std::string& name, std::size_t bytes_max) {
  auto text = name == "-" ? disk::read_all(STDIN_FILENO, "standard input", bytes_max)
                          : disk::read_file(name, bytes_max);
  if (!text) return problem(ProblemKind::failed, text.error().context);
  return std::move(*text);
}

Answer<void> write_file(const std::filesystem::path& path, std::string_view content,
                        unsigned mode) {
  auto written = disk::replace_file(path, content, static_cast<mode_t>(mode));
  if (!written) return problem(ProblemKind::failed, written.error().context);
  return {};
}

Answer<void> list_items(Context& context, std::string path,
                        std::vector<std::pair<std::string_view, std::string>> query,
                        std::span<const Column> columns) {
  bool all = context.in.has("all");
  TRY(auto wanted, context.in.number("limit", all ? INT64_MAX : 100, 1, INT64_MAX));
  std::string after = context.in.get("after");
  Table table;
  for (const auto& column : columns) {
    table.header.emplace_back(column.title);
    table.keep.push_back(column.keep);
  }
  bool any = false;
  while (wanted > 0) {
    auto page_query = query;
    auto size = std::min(wanted, page_max);
    page_query.emplace_back("limit", std::to_string(size));
    page_query.emplace_back("after", after);
    TRY(auto page, context.api.get(client::with_query(path, page_query)));
    const auto& items = client::items_of(page.value);
    any = any || !items.empty();
    table.rows.clear();
    for (const auto& item : items) {
      auto& row = table.rows.emplace_back();
      for (const auto& column : columns) row.push_back(cell(context, item, column));
    }
    if (context.as_json()) {
      context.print_json(page);
    } else if (!table.rows.empty()) {
      context.print_table(table);
    }
    std::string next = client::text_at(page.value, "next");
    bool stuck = items.empty() || next == after;  // a server at odds with itself ends the list
    if (next.empty() || stuck) {
      if (!any && !context.as_json()) context.console.note("Nothing to list.");
      return {};
    }
    after = std::move(next);
    wanted -= static_cast<std::int64_t>(items.size());
  }
  context.console.note("There are more: --after " + client::plain_text(after) + ", or --all.");
  return {};
}

}  // namespace fairlead::cli
