// SPDX-License-Identifier: Apache-2.0
#include "client/plan/import.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "client/plan/edit.h"

namespace fairlead::client {

namespace {

constexpr std::string_view id_header = "id";

std::string trimmed(std::string text) {
  // U+00A0 comes from spreadsheets and web pages.
  const auto strip = [&](std::string_view blank, bool front) {
    if (front ? !text.starts_with(blank) : !text.ends_with(blank)) return false;
    front ? text.erase(0, blank.size()) : text.erase(text.size() - blank.size());
    return true;
  };
  for (bool front : {true, false})
    while (strip(" ", front) || strip("\t", front) || strip("\xc2\xa0", front)) {
    }
  return text;
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return text;
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("0123456789abcdefABCDEF-") == text.npos;
}

// By what two rows are one; empty where the row doesn't say.
std::string uri_key(const Row& row) {
  return row[Field::product_uri].empty() ? "" : "u" + row[Field::product_uri];
}
std::string serial_key(const Row& row) {
  if (row[Field::serial].empty()) return {};
  return "s" + row[Field::vendor] + "\n" + row[Field::serial];
}
std::string name_key(const Row& row) {
  return row[Field::name].empty() ? "" : "n" + row[Field::name];
}

std::vector<std::string> headers_of(const Sheet& sheet) {
  std::vector<std::string> out;
  for (const std::string& cell : sheet.rows.front().cells) out.push_back(trimmed(cell));
  return out;
}

const Mapping* remembered(const Plan& plan, const std::vector<std::string>& headers) {
  auto found = std::ranges::find(plan.mappings, headers, &Mapping::headers);
  return found == plan.mappings.end() ? nullptr : &*found;
}

class Import {
 public:
  Import(const Sheet& sheet, const Plan& before, const NamedColumns& named, Random& random)
      : sheet_(sheet), before_(before), named_(named), random_(random) {}

  std::expected<Imported, Refused> run() {
    if (sheet_.rows.empty()) {
      complain({0, {}, "the table is empty"});
      return std::unexpected(std::move(refused_));
    }
    map_columns();
    out_.plan.ignored = before_.ignored;
    index_before();
    for (std::size_t i = 1; i < sheet_.rows.size() && !at_end_; ++i) take(sheet_.rows[i]);
    if (!refused_.complaints.empty()) return std::unexpected(std::move(refused_));
    keep_the_rest();
    return std::move(out_);
  }

 private:
  void complain(Complaint complaint) {
    if (refused_.complaints.size() < complaints_max)
      refused_.complaints.push_back(std::move(complaint));
    else
      ++refused_.more;
  }
  const std::string& header(std::size_t column) const {
    static const std::string none;
    const auto& cells = sheet_.rows.front().cells;
    return column < cells.size() ? cells[column] : none;
  }
  std::string column_name(std::size_t column) const {
    return column_letters(column) + " (" + trimmed(header(column)) + ")";
  }

  std::optional<Field> field_for(const std::string& header, std::size_t column,
                                 const Mapping* known) const {
    if (auto named = named_.find(lower(header)); named != named_.end()) return named->second;
    return known ? known->columns[column] : field_from_header(header);
  }

  void map_columns() {
    Mapping mapping;
    mapping.headers = headers_of(sheet_);
    const Mapping* known = remembered(before_, mapping.headers);
    std::map<Field, std::size_t> taken;
    for (std::size_t i = 0; i < mapping.headers.size(); ++i) {
      const std::string& text = mapping.headers[i];
      mapping.columns.emplace_back();
      if (lower(text) == id_header) {
        id_column_ = i;
        continue;
      }
      auto field = text.empty() ? std::nullopt : field_for(text, i, known);
      if (!field && !text.empty()) out_.passed_over.push_back(text);
      if (!field) continue;
      mapping.columns.back() = field;
      auto [other, is_new] = taken.emplace(*field, i);
      if (!is_new)
        complain({sheet_.rows.front().number, column_name(i),
                  "means " + std::string(info_of(*field).key) + ", as column " +
                      column_name(other->second) + " does already"});
    }
    for (const auto& [name, field] : named_)
      if (std::ranges::none_of(mapping.headers,
                               [&](const std::string& each) { return lower(each) == name; }))
        complain({sheet_.rows.front().number, {}, "there is no column '" + name + "'"});
    if (taken.empty()) {
      at_end_ = true;
      complain({sheet_.rows.front().number,
                {},
                "no column is known here; say which is which: --map \"HEADER=FIELD\""});
    }
    columns_ = mapping.columns;
    out_.plan.mappings = before_.mappings;
    std::erase_if(out_.plan.mappings,
                  [&](const Mapping& each) { return each.headers == mapping.headers; });
    out_.plan.mappings.push_back(std::move(mapping));
    if (out_.plan.mappings.size() > 32) out_.plan.mappings.erase(out_.plan.mappings.begin());
  }

  void index_before() {
    for (std::size_t i = 0; i < before_.rows.size(); ++i) {
      const Row& row = before_.rows[i];
      by_key_.emplace("i" + row.id, i);
      for (const std::string& key : {uri_key(row), serial_key(row), name_key(row)})
        if (!key.empty()) by_key_.emplace(key, i);
    }
    used_.assign(before_.rows.size(), false);
  }

  std::optional<std::size_t> earlier(const Row& row) const {
    std::string id = row.id.empty() ? "" : "i" + row.id;
    for (const std::string& key : {id, uri_key(row), serial_key(row), name_key(row)}) {
      auto found = key.empty() ? by_key_.end() : by_key_.find(key);
      if (found != by_key_.end() && !used_[found->second]) return found->second;
    }
    return std::nullopt;
  }

  void take(const SheetRow& from) {
    Row row;
    bool good = true;
    for (std::size_t i = 0; i < from.cells.size(); ++i) {
      std::string value = trimmed(without_guard(from.cells[i]));
      if (i == id_column_) {
        row.id = lower(value);
        continue;
      }
      if (i >= columns_.size() || !columns_[i]) continue;
      auto why = objection(*columns_[i], value);
      if (why) complain({from.number, column_name(i), "'" + value.substr(0, 60) + "' " + *why});
      good = good && !why;
      row[*columns_[i]] = std::move(value);
    }
    if (!row.id.empty() && !is_id(row.id))
      complain({from.number, column_name(*id_column_), "is no id that a plan gave"}), good = false;
    if (uri_key(row).empty() && serial_key(row).empty() && name_key(row).empty())
      complain({from.number, {}, "neither product URI nor serial nor name: what is it?"}),
          good = false;
    for (const std::string& key :
         {row.id.empty() ? "" : "i" + row.id, uri_key(row), serial_key(row)}) {
      if (key.empty()) continue;
      auto [other, is_new] = seen_.emplace(key, from.number);
      if (is_new) continue;
      good = false;
      complain({from.number,
                {},
                std::string(key.front() == 'i'   ? "its id stands"
                            : key.front() == 'u' ? "its product URI stands"
                                                 : "its vendor and serial stand") +
                    " in row " + std::to_string(other->second) + " already"});
    }
    if (good) add(std::move(row));
  }

  void add(Row row) {
    auto before = earlier(row);
    if (!before) {
      if (row.id.empty()) row.id = new_row_id(random_);
      ++out_.added;
      out_.plan.rows.push_back(std::move(row));
      return;
    }
    used_[*before] = true;
    const Row& known = before_.rows[*before];
    row.id = known.id;
    for (const FieldInfo& each : fields())
      if (std::ranges::find(columns_, std::optional(each.field)) == columns_.end())
        row[each.field] = known[each.field];
    ++(row == known ? out_.unchanged : out_.changed);
    out_.plan.rows.push_back(std::move(row));
  }

  void keep_the_rest() {
    for (std::size_t i = 0; i < before_.rows.size(); ++i) {
      if (used_[i]) continue;
      out_.removed += !before_.rows[i].removed;
      out_.plan.rows.push_back(before_.rows[i]);
      out_.plan.rows.back().removed = true;
    }
    if (out_.plan.rows.size() > 2 * plan_rows_max) out_.plan.rows.resize(2 * plan_rows_max);
  }

  const Sheet& sheet_;
  const Plan& before_;
  const NamedColumns& named_;
  Random& random_;
  std::vector<std::optional<Field>> columns_;
  std::optional<std::size_t> id_column_;
  std::unordered_map<std::string, std::size_t> by_key_, seen_;
  std::vector<bool> used_;
  bool at_end_ = false;
  Imported out_;
  Refused refused_;
};

}  // namespace

std::string in_words(const Complaint& complaint, const std::string& sheet) {
  std::string out = sheet.empty() ? "" : "sheet " + sheet + ", ";
  if (complaint.row) out += "row " + std::to_string(complaint.row);
  if (!complaint.column.empty()) out += ", column " + complaint.column;
  return out + (complaint.row ? ": " : "") + complaint.what;
}

std::vector<Column> columns_of(const Sheet& sheet, const Plan& before) {
  std::vector<Column> out;
  if (sheet.rows.empty()) return out;
  const auto headers = headers_of(sheet);
  const Mapping* known = remembered(before, headers);
  for (std::size_t i = 0; i < headers.size(); ++i) {
    Column column{headers[i], {}, {}, lower(headers[i]) == id_header};
    if (!column.is_id && !headers[i].empty())
      column.field = known ? known->columns[i] : field_from_header(headers[i]);
    auto filled = std::ranges::find_if(
        sheet.rows.begin() + 1, sheet.rows.end(),
        [&](const auto& row) { return i < row.cells.size() && !row.cells[i].empty(); });
    if (filled != sheet.rows.end()) column.example = without_guard(filled->cells[i]);
    out.push_back(std::move(column));
  }
  return out;
}

std::expected<Imported, Refused> import_sheet(const Sheet& sheet, const Plan& before,
                                              const NamedColumns& named, Random& random) {
  NamedColumns folded;
  for (const auto& [name, field] : named) folded.emplace(lower(name), field);
  return Import(sheet, before, folded, random).run();
}

}  // namespace fairlead::client
