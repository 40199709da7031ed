// SPDX-License-Identifier: Apache-2.0
#include <sqlite3.h>

#include <boost/json.hpp>

#include "base/assert.h"
#include "registry/sqlite/connection.h"

namespace fairlead::registry::sqlite {
namespace {

namespace json = boost::json;

// What every back end can store: PostgreSQL takes neither bad UTF-8 nor NUL in a text.
bool storable(std::string_view text) {
  bool ascii = true;
  for (char c : text) ascii &= static_cast<signed char>(c) > 0;
  if (ascii) return true;
  while (!text.empty()) {
    if (text.front() == '\0') return false;
    const std::size_t length = utf8_sequence(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string mended(std::string_view text) {
  if (storable(text)) return std::string(text);
  std::string out;
  while (!text.empty()) {
    const std::size_t length = text.front() == '\0' ? 0 : utf8_sequence(text);
    out += length == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

}  // namespace

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);  // repeats the error of the last step, which next() has returned
  sqlite3_clear_bindings(statement_);
}

void Statement::prepare(std::string_view sql) {
  auto prepared = connection_.prepared(sql);
  if (!prepared) return refuse(std::move(prepared).error());
  statement_ = *prepared;
}

void Statement::refuse(Error error) {
  if (failed_) return;
  failed_ = true;
  error_ = std::move(error);
}

Result<bool> Statement::next() {
  if (failed_) return fail(error_);
  ASSERT(parameter_ == sqlite3_bind_parameter_count(statement_));
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  refuse(connection_.error(code));
  return fail(error_);
}

// The values outlive the statement (they are arguments of the call that makes it), hence
// SQLITE_STATIC; lists and fields are made here, hence SQLITE_TRANSIENT. An empty value is not
// NULL: its address must not be null.
void Statement::bind(std::string_view text) {
  ++parameter_;
  if (failed_) return;
  if (connection_.use() == Use::write && !storable(text))
    return refuse({Errc::malformed, "text is not UTF-8 or contains a NUL character"});
  const int code = sqlite3_bind_text64(statement_, parameter_, text.empty() ? "" : text.data(),
                                       text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) refuse(connection_.error(code));
}

void Statement::bind(View bytes) {
  ++parameter_;
  if (failed_) return;
  const void* data = bytes.empty() ? static_cast<const void*>("") : bytes.data();
  const int code = sqlite3_bind_blob64(statement_, parameter_, data, bytes.size(), SQLITE_STATIC);
  if (code != SQLITE_OK) refuse(connection_.error(code));
}

void Statement::bind(std::int64_t number) {
  ++parameter_;
  if (failed_) return;
  const int code = sqlite3_bind_int64(statement_, parameter_, number);
  if (code != SQLITE_OK) refuse(connection_.error(code));
}

void Statement::bind(const std::vector<std::string>& list) {
  ++parameter_;
  if (failed_) return;
  json::array array;
  for (const std::string& text : list) {
    if (!storable(text))
      return refuse({Errc::malformed, "text is not UTF-8 or contains a NUL character"});
    array.emplace_back(text);
  }
  const std::string text = json::serialize(array);
  const int code = sqlite3_bind_text64(statement_, parameter_, text.data(), text.size(),
                                       SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) refuse(connection_.error(code));
}

void Statement::bind(const Fields& fields) {
  ++parameter_;
  if (failed_) return;
  std::string text = "[";
  for (const Field& field : fields) {
    text.append(text.size() == 1 ? "[\"" : ",[\"").append(json_escaped(mended(field.name)));
    text.append("\",\"").append(json_escaped(mended(field.value))).append("\"]");
  }
  text += ']';
  const int code = sqlite3_bind_text64(statement_, parameter_, text.data(), text.size(),
                                       SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) refuse(connection_.error(code));
}

void Statement::take(std::string& text) {
  const auto* data = sqlite3_column_text(statement_, column_);
  text.assign(reinterpret_cast<const char*>(data),
              data ? sqlite3_column_bytes(statement_, column_) : 0);
  ++column_;
}

void Statement::take(Bytes& bytes) {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column_));
  bytes.assign(data, data + sqlite3_column_bytes(statement_, column_));
  ++column_;
}

void Statement::take(std::int64_t& number) { number = sqlite3_column_int64(statement_, column_++); }

void Statement::take(std::uint64_t& number) {
  number = static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column_++));
}

void Statement::take(bool& flag) { flag = sqlite3_column_int64(statement_, column_++) != 0; }

void Statement::take(Time& time) {
  time = from_unix_ms(sqlite3_column_int64(statement_, column_++));
}

void Statement::take(std::vector<std::string>& list) {
  std::string text;
  take(text);
  list.clear();
  if (text == "[]") return;
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  const json::array* array = error ? nullptr : value.if_array();
  if (!array) return refuse({Errc::internal, "registry file is damaged: a list can't be read"});
  for (const json::value& entry : *array)
    if (const json::string* string = entry.if_string()) list.emplace_back(*string);
}

void Statement::take(Fields& fields) {
  std::string text;
  take(text);
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  const json::array* array = error ? nullptr : value.if_array();
  if (!array) return refuse({Errc::internal, "registry file is damaged: fields can't be read"});
  fields.clear();
  for (const json::value& entry : *array) {
    const json::array* pair = entry.if_array();
    if (!pair || pair->size() != 2 || !(*pair)[0].is_string() || !(*pair)[1].is_string())
      return refuse({Errc::internal, "registry file is damaged: fields can't be read"});
    fields.push_back({std::string((*pair)[0].get_string()), std::string((*pair)[1].get_string())});
  }
}

}  // namespace fairlead::registry::sqlite
