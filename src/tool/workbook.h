// SPDX-License-Identifier: Apache-2.0
// Workbooks of spreadsheets (Office Open XML, ECMA-376 part 1 §18).
#pragma once

#include <filesystem>

#include "client/plan/sheet.h"

namespace fairlead::tool {

inline constexpr std::size_t workbook_part_bytes_max = 256 * 1024 * 1024;  // one part, unpacked
inline constexpr std::size_t shared_strings_max = 4'000'000;
// Of all cells together: a text that is shared is counted wherever it stands.
inline constexpr std::size_t workbook_text_bytes_max = 256 * 1024 * 1024;

bool is_workbook(View file);  // by its first bytes

// One sheet, by name, or the first. Formulas count by the value that was last computed. malformed
// names sheet, row and column, or the part that can't be read; not_found names the sheets there
// are. Never more than the limits of client/plan/sheet.h; document types and entities are refused.
Result<client::Sheet> read_workbook(View file, const std::string& sheet_name);

struct NamedSheet {
  std::string name;
  std::vector<std::vector<std::string>> rows;  // the first is the header
};
// All cells as text: nothing can become a formula. Replaces the file as a whole. `mode`: who may
// read it.
Result<void> write_workbook(const std::filesystem::path& file,
                            const std::vector<NamedSheet>& sheets, unsigned mode);

}  // namespace fairlead::tool
