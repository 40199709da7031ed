// SPDX-License-Identifier: Apache-2.0
// RFC 4180 §2, with separators as they are met:
//   file   = [mark] ["sep=" separator end] row (end row)* [end]
//   row    = cell (separator cell)*
//   cell   = quoted / bare;  quoted = '"' (any but '"' / '""')* '"';  end = CRLF / LF / CR
#include <algorithm>
#include <array>

#include "client/plan/sheet.h"
#include "codec/utf8.h"

namespace fairlead::client {

namespace {

void put_utf8(std::string& to, char32_t c) {
  if (c < 0x80) {
    to += static_cast<char>(c);
  } else if (c < 0x800) {
    to += static_cast<char>(0xc0 | c >> 6);
    to += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    to += static_cast<char>(0xe0 | c >> 12);
    to += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    to += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    to += static_cast<char>(0xf0 | c >> 18);
    to += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    to += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    to += static_cast<char>(0x80 | (c & 0x3f));
  }
}

Result<std::string> from_utf16(View in, bool big) {
  const auto bad = [] { return fail(Errc::malformed, "the file is no valid UTF-16"); };
  if (in.size() % 2 != 0) return bad();
  const auto unit = [&](std::size_t at) {
    return static_cast<char32_t>(big ? in[at] << 8 | in[at + 1] : in[at + 1] << 8 | in[at]);
  };
  std::string out;
  out.reserve(in.size());
  for (std::size_t at = 0; at < in.size(); at += 2) {
    char32_t c = unit(at);
    if (c >= 0xd800 && c < 0xdc00 && at + 3 < in.size()) {
      char32_t low = unit(at + 2);
      if (low < 0xdc00 || low > 0xdfff) return bad();
      c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
      at += 2;
    } else if (c >= 0xd800 && c <= 0xdfff) {
      return bad();
    }
    put_utf8(out, c);
  }
  return out;
}

// 0x80 to 0x9f; 0 where Windows-1252 has nothing.
constexpr std::array<char16_t, 32> windows_1252{
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

std::string from_windows_1252(View in) {
  std::string out;
  out.reserve(in.size() + in.size() / 8);
  for (std::uint8_t byte : in) {
    char32_t c = byte;
    if (byte >= 0x80 && byte < 0xa0) c = windows_1252[byte - 0x80u];
    put_utf8(out, c == 0 && byte != 0 ? 0xfffd : c);
  }
  return out;
}

bool begins(View in, std::initializer_list<std::uint8_t> with) {
  return in.size() >= with.size() && std::equal(with.begin(), with.end(), in.begin());
}

Result<std::string> text_of(View in) {
  if (begins(in, {0xff, 0xfe})) return from_utf16(in.subspan(2), false);
  if (begins(in, {0xfe, 0xff})) return from_utf16(in.subspan(2), true);
  if (begins(in, {0xef, 0xbb, 0xbf})) {
    in = in.subspan(3);
    if (!is_utf8(as_text(in)))
      return fail(Errc::malformed, "the file says that it is UTF-8, and isn't");
    return std::string(as_text(in));
  }
  if (is_utf8(as_text(in))) return std::string(as_text(in));
  return from_windows_1252(in);
}

bool ends_line(char c) { return c == '\r' || c == '\n'; }

// That of , ; and tab which stands most often in the first line, outside quotes.
char separator_of(std::string_view text) {
  std::array<std::pair<char, std::size_t>, 3> counts{{{';', 0}, {',', 0}, {'\t', 0}}};
  bool quoted = false;
  for (char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted && ends_line(c)) break;
    for (auto& [separator, count] : counts)
      if (!quoted && c == separator) ++count;
  }
  auto most = std::ranges::max_element(counts, {}, [](const auto& each) { return each.second; });
  return most->second == 0 ? ',' : most->first;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {
    if (rest_.starts_with("sep=") && rest_.size() > 4 && !ends_line(rest_[4])) {
      separator_ = rest_[4];
      rest_.remove_prefix(5);
      end_line();
    } else {
      separator_ = separator_of(rest_);
    }
  }
  bool at_end() const { return rest_.empty(); }

  Result<SheetRow> row() {
    SheetRow out;
    out.number = line_;
    for (;;) {
      if (out.cells.size() == sheet_columns_max)
        return bad(out, "more than " + std::to_string(sheet_columns_max) + " columns");
      TRY(auto cell, this->cell(out));
      if (cell.size() > cell_bytes_max) return bad(out, "a cell that is too long");
      out.cells.push_back(std::move(cell));
      if (rest_.empty() || rest_.front() != separator_) break;
      rest_.remove_prefix(1);
    }
    end_line();
    return out;
  }

 private:
  std::unexpected<Error> bad(const SheetRow& row, const std::string& what) const {
    return fail(Errc::malformed, "line " + std::to_string(row.number) + ", column " +
                                     column_letters(row.cells.size()) + ": " + what);
  }
  Result<std::string> cell(const SheetRow& row) {
    if (rest_.starts_with('"')) return quoted(row);
    auto end =
        std::ranges::find_if(rest_, [this](char c) { return c == separator_ || ends_line(c); });
    auto length = static_cast<std::size_t>(end - rest_.begin());
    std::string out(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return out;
  }
  Result<std::string> quoted(const SheetRow& row) {
    std::string out;
    rest_.remove_prefix(1);
    for (;;) {
      auto quote = rest_.find('"');
      if (quote == rest_.npos || out.size() + quote > cell_bytes_max)
        return bad(row, "a quoted cell that doesn't end");
      line_ += static_cast<std::size_t>(std::ranges::count(rest_.substr(0, quote), '\n'));
      out += rest_.substr(0, quote);
      rest_.remove_prefix(quote + 1);
      if (!rest_.starts_with('"')) break;
      out += '"';
      rest_.remove_prefix(1);
    }
    if (!rest_.empty() && rest_.front() != separator_ && !ends_line(rest_.front()))
      return bad(row, "text after the quote that ends a cell");
    return out;
  }
  void end_line() {
    if (rest_.starts_with("\r\n"))
      rest_.remove_prefix(2);
    else if (!rest_.empty() && ends_line(rest_.front()))
      rest_.remove_prefix(1);
    ++line_;
  }

  std::string_view rest_;
  char separator_ = ',';
  std::size_t line_ = 1;
};

}  // namespace

bool SheetRow::empty() const {
  return std::ranges::all_of(
      cells, [](const std::string& cell) { return cell.find_first_not_of(" \t") == cell.npos; });
}

std::string column_letters(std::size_t index) {
  std::string out;
  for (++index; index > 0; index = (index - 1) / 26)
    out.insert(out.begin(), static_cast<char>('A' + (index - 1) % 26));
  return out;
}

Result<Sheet> decode_csv(View file) {
  if (file.size() > sheet_bytes_max) return fail(Errc::malformed, "the file is larger than 64 MiB");
  TRY(auto text, text_of(file));
  if (text.find('\0') != text.npos)
    return fail(Errc::malformed, "the file holds binary data: is it a table?");
  Parser parser(text);
  Sheet out;
  while (!parser.at_end()) {
    TRY(auto row, parser.row());
    if (row.empty()) continue;
    if (out.rows.size() == sheet_rows_max)
      return fail(Errc::malformed, "line " + std::to_string(row.number) + ": more than " +
                                       std::to_string(sheet_rows_max - 1) + " rows");
    out.rows.push_back(std::move(row));
  }
  return out;
}

std::string with_guard(std::string cell) {
  bool formula =
      !cell.empty() && std::string_view("=+-@\t\r").find(cell.front()) != std::string_view::npos;
  return formula ? "'" + cell : cell;
}

std::string without_guard(std::string cell) {
  bool guarded = cell.size() > 1 && cell.front() == '\'' && with_guard(cell.substr(1)) == cell;
  return guarded ? cell.substr(1) : cell;
}

std::string encode_csv(const std::vector<std::vector<std::string>>& rows, char separator) {
  std::string out = "\xef\xbb\xbf";
  for (const auto& row : rows) {
    bool first = true;
    for (const std::string& cell : row) {
      if (!std::exchange(first, false)) out += separator;
      out += '"';
      for (char c : with_guard(cell)) {
        if (c == '"') out += '"';
        out += c;
      }
      out += '"';
    }
    out += "\r\n";
  }
  return out;
}

}  // namespace fairlead::client
