// SPDX-License-Identifier: Apache-2.0
// What an engineer plans: a row for each device that there shall be, whether it is there or not.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::client {

inline constexpr std::size_t plan_rows_max = 100'000;
inline constexpr std::size_t plan_value_bytes_max = 512;

// What a row says, each a text. The order is that of columns in a report.
enum class Field {
  name,
  type,
  vendor,
  order_number,
  serial,
  product_uri,
  function,
  location,
  account,       // whose device it is to be
  code,          // on its label; a secret, left out of every report
  address,       // where it is reached when no announcement tells: HOST:PORT
  new_address,   // 10.77.0.5/24, which it is to have from now on
  gateway,       // of that network
  name_servers,  // separated by spaces
  firmware,      // that it is expected to have
  comment
};
inline constexpr std::size_t field_count = static_cast<std::size_t>(Field::comment) + 1;

struct FieldInfo {
  Field field;
  std::string_view key;      // in files and JSON: "order_number"
  std::string_view title;    // in a table: "Order number"
  std::string_view aliases;  // further headers that name it, lower case, separated by ';'
};
std::span<const FieldInfo, field_count> fields();
const FieldInfo& info_of(Field field);
std::optional<Field> field_from_key(std::string_view key);
// By what a header of a table says, in any case and with any blanks: key, title or alias.
std::optional<Field> field_from_header(std::string_view header);

struct Row {
  std::string id;  // a GUID that stays with the row through imports, replacements and renamings
  std::array<std::string, field_count> values;
  bool removed = false;  // no longer in the file that was imported last: kept, not acted on

  const std::string& operator[](Field field) const {
    return values[static_cast<std::size_t>(field)];
  }
  std::string& operator[](Field field) { return values[static_cast<std::size_t>(field)]; }
  friend bool operator==(const Row&, const Row&) = default;
};

// Why this text can't stand in this field; none: it can.
std::optional<std::string> objection(Field field, std::string_view value);

// How a table's headers were assigned to fields, remembered for the next file with these headers.
struct Mapping {
  std::vector<std::string> headers;
  std::vector<std::optional<Field>> columns;  // one for each header; none: passed over
};

struct Plan {
  std::vector<Row> rows;
  std::vector<Mapping> mappings;
  std::vector<std::string> ignored;  // keys of devices that a person doesn't want to see again

  Row* find(std::string_view id);
  const Row* find(std::string_view id) const;
};

}  // namespace fairlead::client
