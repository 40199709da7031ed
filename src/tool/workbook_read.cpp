// SPDX-License-Identifier: Apache-2.0
// A workbook is a ZIP of XML parts. What matters here:
//   xl/workbook.xml             sheets/sheet @name @r:id
//   xl/_rels/workbook.xml.rels  Relationship @Id @Target
//   xl/sharedStrings.xml        si/(t | r/t)*
//   the sheet's part            sheetData/row @r / c @r @t / (v | is/(t | r/t)*)
#include <expat.h>
#include <zip.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <memory>

#include "tool/workbook.h"

namespace fairlead::tool {

namespace {

constexpr std::size_t sheets_max = 256;
constexpr std::size_t depth_max = 64;

std::unexpected<Error> bad(const std::string& what) {
  return fail(Errc::malformed, "the workbook: " + what);
}

// Names without their namespace's prefix: writers differ in it.
std::string_view local_name(std::string_view name) {
  auto colon = name.rfind(':');
  return colon == name.npos ? name : name.substr(colon + 1);
}

class Attributes {
 public:
  explicit Attributes(const XML_Char** pairs) : pairs_(pairs) {}
  std::string_view find(std::string_view name) const {
    for (const XML_Char** each = pairs_; each && *each; each += 2)
      if (local_name(each[0]) == name) return each[1];
    return {};
  }

 private:
  const XML_Char** pairs_;
};

// What is read of a part; each reader is one of these.
struct Reader {
  virtual ~Reader() = default;
  virtual void begin(std::string_view name, const Attributes& attributes) = 0;
  virtual void end(std::string_view name) = 0;
  virtual void text(std::string_view) {}
  std::string wrong;  // why reading must stop
};

class Archive {
 public:
  static Result<Archive> open(View file) {
    zip_error_t error{};
    zip_source_t* source = zip_source_buffer_create(file.data(), file.size(), 0, &error);
    zip_t* zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : nullptr;
    if (zip) return Archive(zip);
    if (source) zip_source_free(source);
    return bad("no archive that can be opened");
  }

  // not_found: there is no such part.
  Result<void> read(const std::string& part, Reader& into) const {
    std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(zip_fopen(zip_.get(), part.c_str(), 0),
                                                           zip_fclose);
    if (!file) return fail(Errc::not_found, "the workbook has no part " + part);
    std::unique_ptr<XML_ParserStruct, void (*)(XML_Parser)> parser(XML_ParserCreate(nullptr),
                                                                   XML_ParserFree);
    Feed feed{parser.get(), into, 0};
    XML_SetUserData(parser.get(), &feed);
    XML_SetElementHandler(parser.get(), on_begin, on_end);
    XML_SetCharacterDataHandler(parser.get(), on_text);
    XML_SetStartDoctypeDeclHandler(parser.get(), on_doctype);
    char buffer[64 * 1024];
    std::size_t all = 0;
    for (;;) {
      auto count = zip_fread(file.get(), buffer, sizeof buffer);
      if (count < 0) return bad(part + " can't be unpacked");
      all += static_cast<std::size_t>(count);
      if (all > workbook_part_bytes_max) return bad(part + " is too large");
      auto status = XML_Parse(parser.get(), buffer, static_cast<int>(count), count == 0);
      if (!into.wrong.empty()) return bad(into.wrong);
      if (status != XML_STATUS_OK)
        return bad(part + ": " + XML_ErrorString(XML_GetErrorCode(parser.get())));
      if (count == 0) return ok();
    }
  }

 private:
  struct Feed {
    XML_Parser parser;
    Reader& into;
    std::size_t depth;
    void stop_if_wrong() {
      if (!into.wrong.empty()) XML_StopParser(parser, XML_FALSE);
    }
  };
  static void on_begin(void* user, const XML_Char* name, const XML_Char** attributes) {
    auto& feed = *static_cast<Feed*>(user);
    if (++feed.depth > depth_max) feed.into.wrong = "it is nested too deeply";
    feed.into.begin(local_name(name), Attributes(attributes));
    feed.stop_if_wrong();
  }
  static void on_end(void* user, const XML_Char* name) {
    auto& feed = *static_cast<Feed*>(user);
    --feed.depth;
    feed.into.end(local_name(name));
    feed.stop_if_wrong();
  }
  static void on_text(void* user, const XML_Char* text, int length) {
    auto& feed = *static_cast<Feed*>(user);
    feed.into.text({text, static_cast<std::size_t>(length)});
    feed.stop_if_wrong();
  }
  static void on_doctype(void* user, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    auto& feed = *static_cast<Feed*>(user);
    feed.into.wrong = "it declares a document type";
    feed.stop_if_wrong();
  }

  explicit Archive(zip_t* zip) : zip_(zip, zip_discard) {}
  std::unique_ptr<zip_t, void (*)(zip_t*)> zip_;
};

struct SheetList final : Reader {
  struct Entry {
    std::string name, relation;
  };
  std::vector<Entry> sheets;
  void begin(std::string_view name, const Attributes& attributes) override {
    if (name != "sheet") return;
    if (sheets.size() == sheets_max) wrong = "it has too many sheets";
    // "r:id", beside "sheetId"; local names tell them apart.
    sheets.push_back({std::string(attributes.find("name")), std::string(attributes.find("id"))});
  }
  void end(std::string_view) override {}
};

struct Relations final : Reader {
  std::string wanted, target;
  void begin(std::string_view name, const Attributes& attributes) override {
    if (name == "Relationship" && attributes.find("Id") == wanted)
      target = attributes.find("Target");
  }
  void end(std::string_view) override {}
};

struct SharedStrings final : Reader {
  std::vector<std::string> strings;
  std::size_t bytes = 0;
  bool in_text = false, phonetic = false;
  void begin(std::string_view name, const Attributes&) override {
    if (name == "si") strings.emplace_back();
    if (name == "rPh") phonetic = true;  // how it is read aloud
    in_text = name == "t" && !phonetic && !strings.empty();
    if (strings.size() > shared_strings_max) wrong = "it has too many texts";
  }
  void end(std::string_view name) override {
    in_text = false;
    if (name == "rPh") phonetic = false;
  }
  void text(std::string_view more) override {
    if (!in_text) return;
    strings.back() += more;
    bytes += more.size();
    if (strings.back().size() > client::cell_bytes_max) wrong = "a cell is too long";
    if (bytes > workbook_part_bytes_max) wrong = "it has too much text";
  }
};

// "AB12" is column 27; none if it is no reference.
std::optional<std::size_t> column_of(std::string_view reference) {
  std::size_t out = 0, letters = 0;
  for (char c : reference) {
    if (c < 'A' || c > 'Z') break;
    out = out * 26 + static_cast<std::size_t>(c - 'A' + 1);
    if (++letters > 3) return std::nullopt;
  }
  return letters ? std::optional(out - 1) : std::nullopt;
}

// As a person sees it: 4711, not 4711.0 or 4.711E3.
std::string number_text(const std::string& raw) {
  double value = 0;
  auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
  if (error != std::errc{} || end != raw.data() + raw.size()) return raw;
  char text[40];
  bool whole = std::abs(value) < 9e15 && value == std::floor(value);
  if (whole)
    std::snprintf(text, sizeof text, "%.0f", value);
  else
    std::snprintf(text, sizeof text, "%.15g", value);
  return text;
}

struct SheetReader final : Reader {
  SheetReader(client::Sheet& sheet, const std::vector<std::string>& shared)
      : sheet_(sheet), shared_(shared) {}

  void begin(std::string_view name, const Attributes& attributes) override {
    if (name == "row") {
      begin_row(attributes.find("r"));
    } else if (name == "c") {
      auto column = column_of(attributes.find("r"));
      column_ = column ? *column : row_.cells.size();
      type_ = attributes.find("t");
      value_.clear();
      if (column_ >= client::sheet_columns_max) complain("more columns than can be taken");
    } else if (name == "rPh") {
      phonetic_ = true;
    }
    in_value_ = name == "v" || (name == "t" && !phonetic_);
  }
  void end(std::string_view name) override {
    in_value_ = false;
    if (name == "rPh") phonetic_ = false;
    if (name == "c" && wrong.empty()) end_cell();
    if (name == "row" && wrong.empty()) end_row();
  }
  void text(std::string_view more) override {
    if (!in_value_) return;
    value_ += more;
    if (value_.size() > client::cell_bytes_max) complain("a cell that is too long");
  }

 private:
  void complain(const std::string& what) {
    wrong = "sheet " + sheet_.name + ", row " + std::to_string(row_.number) + ", column " +
            client::column_letters(column_) + ": " + what;
  }
  void begin_row(std::string_view number) {
    std::size_t given = 0;
    auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), given);
    row_ = {};
    row_.number = error == std::errc{} && !number.empty() ? given : last_ + 1;
    last_ = row_.number;
  }
  void end_cell() {
    if (value_.empty()) return;
    if (type_ == "s") {
      std::size_t index = 0;
      auto [end, error] = std::from_chars(value_.data(), value_.data() + value_.size(), index);
      if (error != std::errc{} || index >= shared_.size())
        return complain("no text of that number");
      value_ = shared_[index];
    } else if (type_ == "e") {
      return complain("the formula's value is the error " + value_);
    } else if (type_ == "b") {
      value_ = value_ == "1" ? "TRUE" : "FALSE";
    } else if (type_.empty() || type_ == "n") {
      value_ = number_text(value_);
    }
    text_bytes_ += value_.size();
    if (text_bytes_ > workbook_text_bytes_max) return complain("more text than can be taken");
    if (row_.cells.size() <= column_) row_.cells.resize(column_ + 1);
    row_.cells[column_] = std::move(value_);
    value_.clear();
  }
  void end_row() {
    if (row_.empty()) return;
    if (sheet_.rows.size() == client::sheet_rows_max)
      return complain("more than " + std::to_string(client::sheet_rows_max - 1) + " rows");
    sheet_.rows.push_back(std::move(row_));
  }

  client::Sheet& sheet_;
  const std::vector<std::string>& shared_;
  client::SheetRow row_;
  std::size_t column_ = 0, last_ = 0, text_bytes_ = 0;
  std::string type_, value_;
  bool in_value_ = false, phonetic_ = false;
};

Result<SheetList::Entry> choose(const SheetList& list, const std::string& name) {
  if (list.sheets.empty()) return bad("it has no sheets");
  if (name.empty()) return list.sheets.front();
  auto found = std::ranges::find(list.sheets, name, &SheetList::Entry::name);
  if (found != list.sheets.end()) return *found;
  std::string known;
  for (const auto& each : list.sheets) known += (known.empty() ? "" : ", ") + each.name;
  return fail(Errc::not_found, "the workbook has no sheet '" + name + "', but " + known);
}

}  // namespace

bool is_workbook(View file) { return file.size() > 4 && as_text(file.first(4)) == "PK\x03\x04"; }

Result<client::Sheet> read_workbook(View file, const std::string& sheet_name) {
  if (file.size() > client::sheet_bytes_max) return bad("it is larger than 64 MiB");
  TRY(auto archive, Archive::open(file));
  SheetList list;
  TRY_VOID(archive.read("xl/workbook.xml", list));
  TRY(auto entry, choose(list, sheet_name));
  Relations relations;
  relations.wanted = entry.relation;
  TRY_VOID(archive.read("xl/_rels/workbook.xml.rels", relations));
  if (relations.target.empty()) return bad("sheet " + entry.name + " is nowhere in it");
  SharedStrings shared;
  auto texts = archive.read("xl/sharedStrings.xml", shared);
  if (!texts && texts.error().code != Errc::not_found) return fail(texts.error());
  client::Sheet out;
  out.name = entry.name;
  SheetReader reader(out, shared.strings);
  bool absolute = relations.target.starts_with('/');
  TRY_VOID(archive.read(absolute ? relations.target.substr(1) : "xl/" + relations.target, reader));
  return out;
}

}  // namespace fairlead::tool
