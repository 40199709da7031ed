// SPDX-License-Identifier: Apache-2.0
// project = {"format": "fairlead-plan", "version": 1, "rows": [row], "mappings": [mapping],
//            "ignored": [text]}
// row     = {"id": text, "removed": true?, key of a Field: text ...}
// mapping = {"headers": [text], "fields": [key of a Field or ""]}
#include "client/plan/project.h"

#include <boost/json.hpp>
#include <unordered_set>

namespace fairlead::client {

namespace json = boost::json;

namespace {

constexpr std::string_view format_name = "fairlead-plan";
constexpr std::int64_t format_version = 1;
constexpr std::size_t mappings_max = 32, ignored_max = 10'000;

std::unexpected<Error> bad(const std::string& what) {
  return fail(Errc::malformed, "the project file: " + what);
}

const json::array& list_of(const json::object& object, std::string_view name) {
  static const json::array none;
  const json::value* value = object.if_contains(name);
  return value && value->is_array() ? value->get_array() : none;
}

Result<Row> row_of(const json::value& value, std::size_t number) {
  std::string where = "row " + std::to_string(number) + ": ";
  const json::object* object = value.if_object();
  const json::value* id = object ? object->if_contains("id") : nullptr;
  if (!id || !id->is_string() || id->get_string().empty() || id->get_string().size() > 64)
    return bad(where + "it has no id");
  Row out;
  out.id = id->get_string();
  for (const auto& member : *object) {
    if (member.key() == "id") continue;
    if (member.key() == "removed") {
      out.removed = member.value().is_bool() && member.value().get_bool();
      continue;
    }
    auto field = field_from_key(member.key());
    if (!field) return bad(where + "there is no field '" + std::string(member.key()) + "'");
    if (!member.value().is_string())
      return bad(where + "'" + std::string(member.key()) + "' is no text");
    std::string text(member.value().get_string());
    if (auto why = objection(*field, text))
      return bad(where + "'" + std::string(member.key()) + "' " + *why);
    out[*field] = std::move(text);
  }
  return out;
}

Result<Mapping> mapping_of(const json::value& value) {
  const json::object* object = value.if_object();
  if (!object) return bad("a mapping is no object");
  Mapping out;
  for (const json::value& each : list_of(*object, "headers"))
    out.headers.emplace_back(each.is_string() ? std::string(each.get_string()) : "");
  for (const json::value& each : list_of(*object, "fields"))
    out.columns.push_back(each.is_string() ? field_from_key(each.get_string()) : std::nullopt);
  if (out.headers.size() != out.columns.size()) return bad("a mapping without a field per header");
  return out;
}

}  // namespace

std::string encode_project(const Plan& plan) {
  json::array rows, mappings, ignored;
  for (const Row& row : plan.rows) {
    json::object out{{"id", row.id}};
    if (row.removed) out["removed"] = true;
    for (const FieldInfo& each : fields())
      if (!row[each.field].empty()) out[each.key] = row[each.field];
    rows.push_back(std::move(out));
  }
  for (const Mapping& mapping : plan.mappings) {
    json::array headers, columns;
    for (const std::string& each : mapping.headers) headers.emplace_back(each);
    for (const auto& each : mapping.columns) columns.emplace_back(each ? info_of(*each).key : "");
    mappings.push_back({{"headers", std::move(headers)}, {"fields", std::move(columns)}});
  }
  for (const std::string& each : plan.ignored) ignored.emplace_back(each);
  json::object out{{"format", format_name},
                   {"version", format_version},
                   {"rows", std::move(rows)},
                   {"mappings", std::move(mappings)},
                   {"ignored", std::move(ignored)}};
  return json::serialize(out) + "\n";
}

Result<Plan> decode_project(std::string_view text) {
  if (text.size() > project_bytes_max) return bad("it is too large");
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 6;
  json::value value = json::parse(text, error, json::storage_ptr(), options);
  const json::object* object = error ? nullptr : value.if_object();
  const json::value* format = object ? object->if_contains("format") : nullptr;
  if (!format || !format->is_string() || format->get_string() != format_name)
    return bad("it is none");
  const json::value* version = object->if_contains("version");
  if (!version || !version->is_int64() || version->get_int64() != format_version)
    return fail(Errc::unsupported, "the project file is of another version of this program");
  Plan out;
  std::unordered_set<std::string> ids;
  const json::array& rows = list_of(*object, "rows");
  if (rows.size() > 2 * plan_rows_max) return bad("it has too many rows");
  for (const json::value& each : rows) {
    TRY(auto row, row_of(each, out.rows.size() + 1));
    if (!ids.insert(row.id).second) return bad("two rows have the id " + row.id);
    out.rows.push_back(std::move(row));
  }
  const json::array& mappings = list_of(*object, "mappings");
  if (mappings.size() > mappings_max) return bad("it has too many mappings");
  for (const json::value& each : mappings) {
    TRY(auto mapping, mapping_of(each));
    out.mappings.push_back(std::move(mapping));
  }
  const json::array& ignored = list_of(*object, "ignored");
  if (ignored.size() > ignored_max) return bad("it ignores too many devices");
  for (const json::value& each : ignored)
    if (each.is_string()) out.ignored.emplace_back(each.get_string());
  return out;
}

}  // namespace fairlead::client
