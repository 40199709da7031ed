// SPDX-License-Identifier: Apache-2.0
// docs/api/openapi.yaml as the API's test reads it: by its lines, since the document keeps to one
// line per member.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include "support/vectors.h"

namespace fairlead::test {

struct OpenApiOperation {
  std::string scope, schema;  // schema "": no body
  int status = 0;             // of success
};
struct OpenApiSchema {
  std::set<std::string> required;
  std::map<std::string, std::string> members;  // name, and the line's rest
};

struct OpenApiDocument {
  std::map<std::string, OpenApiOperation> operations;  // "GET /api/v1/devices/{id}"
  std::map<std::string, OpenApiSchema> schemas;

  static OpenApiDocument parse(std::string_view text);
  // What of `value` the schema does not allow, or lacks; "" when it is as described.
  std::string complaint(const std::string& schema, const boost::json::value& value) const;
};

inline std::string openapi_reference(std::string_view line) {
  constexpr std::string_view mark = "#/components/schemas/";
  auto at = line.find(mark);
  if (at == std::string_view::npos) return {};
  line.remove_prefix(at + mark.size());
  return std::string(line.substr(0, line.find('\'')));
}

inline OpenApiDocument OpenApiDocument::parse(std::string_view text) {
  OpenApiDocument out;
  std::string section, path, method, schema;
  bool in_responses = false, in_members = false;
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size() - 1);
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    auto indent = line.find_first_not_of(' ');
    if (indent == std::string_view::npos || line[indent] == '#') continue;
    std::string_view rest = line.substr(indent);
    std::string name(rest.substr(0, rest.find(':')));
    if (indent == 0) section = name;
    if (section == "paths") {
      if (indent == 2) {
        path = name;
        method.clear();
      }
      if (indent == 4) {
        method = name;
        std::ranges::transform(method, method.begin(), [](char c) {
          return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
        });
        out.operations[method + " " + path];
      }
      OpenApiOperation& operation = out.operations[method.empty() ? "none" : method + " " + path];
      if (indent == 6) in_responses = name == "responses";
      if (indent == 6 && name == "x-scope")
        operation.scope = std::string(rest.substr(10, rest.size() - 11));
      if (in_responses && indent == 8 && name.starts_with('"'))
        operation.status = std::stoi(name.substr(1));
      if (in_responses && indent == 10 && name == "content")
        operation.schema = openapi_reference(rest);
    }
    if (section == "components") {
      if (indent == 4) schema = name;
      if (indent == 6) in_members = name == "properties";
      if (indent == 6 && name == "required") {
        std::string names(rest.substr(11, rest.size() - 12));
        while (!names.empty()) {
          auto comma = std::min(names.find(", "), names.size());
          out.schemas[schema].required.insert(names.substr(0, comma));
          names.erase(0, comma + 2);
        }
      }
      if (in_members && indent == 8)
        out.schemas[schema].members[name] = std::string(rest.substr(name.size() + 1));
    }
  }
  out.operations.erase("none");
  return out;
}

inline std::string OpenApiDocument::complaint(const std::string& name,
                                              const boost::json::value& value) const {
  auto schema = schemas.find(name);
  if (schema == schemas.end()) return "there is no schema " + name;
  if (!value.is_object()) return name + " is no object";
  for (const auto& required : schema->second.required)
    if (!value.get_object().contains(required)) return name + " lacks " + required;
  for (const auto& member : value.get_object()) {
    auto known = schema->second.members.find(std::string(member.key()));
    if (known == schema->second.members.end())
      return name + " does not describe " + std::string(member.key());
    std::string inner = openapi_reference(known->second);
    bool list = known->second.find("type: array") != std::string::npos;
    if (list && !member.value().is_array()) return name + "." + known->first + " is no list";
    bool may_be_null = known->second.find("'null'") != std::string::npos;
    if (inner.empty() || (may_be_null && member.value().is_null())) continue;
    if (!list) {
      if (auto why = complaint(inner, member.value()); !why.empty()) return why;
      continue;
    }
    for (const auto& each : member.value().get_array())
      if (auto why = complaint(inner, each); !why.empty()) return why;
  }
  return {};
}

}  // namespace fairlead::test
