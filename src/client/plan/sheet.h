// SPDX-License-Identifier: Apache-2.0
// A table as it stands in a file, whatever its format: text in cells, with the numbers by which a
// person finds them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::client {

inline constexpr std::size_t sheet_bytes_max = 64 * 1024 * 1024;
inline constexpr std::size_t sheet_rows_max = 100'001;  // with the header
inline constexpr std::size_t sheet_columns_max = 256;
inline constexpr std::size_t cell_bytes_max = 32'767;  // a spreadsheet's own limit

struct SheetRow {
  std::size_t number = 0;  // of the line or row where it begins, from 1
  std::vector<std::string> cells;
  bool empty() const;  // no cell holds anything but blanks
};
struct Sheet {
  std::string name;            // of the sheet in its workbook; empty where there is one only
  std::vector<SheetRow> rows;  // rows without content are left out
};

std::string column_letters(std::size_t index);  // 0: "A", 26: "AA"

// Comma-separated values (RFC 4180) as spreadsheets write them: separated by comma, semicolon or
// tab, whichever the first line has most of, or as a first line "sep=;" says; UTF-8 with or without
// mark, UTF-16 with mark, else Windows-1252. malformed names the line.
Result<Sheet> decode_csv(View file);

// For spreadsheets: UTF-8 with mark, CRLF, every cell that a spreadsheet could take for a formula
// begins with an apostrophe.
std::string encode_csv(const std::vector<std::vector<std::string>>& rows, char separator = ';');
// What encode_csv and the workbooks put before such a cell is taken off on the way in.
std::string without_guard(std::string cell);
std::string with_guard(std::string cell);

}  // namespace fairlead::client
