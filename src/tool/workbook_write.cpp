// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include <cerrno>
#include <cstring>

#include "disk/descriptor.h"
#include "tool/workbook.h"

namespace fairlead::tool {

namespace {

constexpr std::size_t name_characters_max = 31;  // of a sheet; a spreadsheet's own limit
constexpr double column_width = 22;

lxw_error write_rows(lxw_worksheet* sheet, const NamedSheet& from, lxw_format* bold) {
  lxw_row_t row = 0;
  for (const auto& cells : from.rows) {
    lxw_col_t column = 0;
    for (const std::string& cell : cells) {
      auto error =
          worksheet_write_string(sheet, row, column++, cell.c_str(), row == 0 ? bold : nullptr);
      if (error != LXW_NO_ERROR) return error;
    }
    ++row;
  }
  auto last = static_cast<lxw_col_t>(from.rows.empty() ? 0 : from.rows.front().size());
  if (row == 0 || last == 0) return LXW_NO_ERROR;
  worksheet_freeze_panes(sheet, 1, 0);
  worksheet_set_column(sheet, 0, static_cast<lxw_col_t>(last - 1), column_width, nullptr);
  return worksheet_autofilter(sheet, 0, 0, row - 1, static_cast<lxw_col_t>(last - 1));
}

}  // namespace

Result<void> write_workbook(const std::filesystem::path& file,
                            const std::vector<NamedSheet>& sheets, unsigned mode) {
  const auto failed = [&](const char* why) { return fail(Errc::io, file.string() + ": " + why); };
  std::string beside = file.string() + ".new." + std::to_string(::getpid());
  ::unlink(beside.c_str());
  // The library writes into a file that is there already, so it never has another mode.
  disk::Descriptor reserved(
      ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, static_cast<mode_t>(mode)));
  if (!reserved) return failed(std::strerror(errno));
  lxw_workbook_options options{};
  options.constant_memory = LXW_FALSE;
  lxw_workbook* book = workbook_new_opt(beside.c_str(), &options);
  if (!book) {
    ::unlink(beside.c_str());
    return failed("no memory for a workbook");
  }
  lxw_format* bold = workbook_add_format(book);
  format_set_bold(bold);
  lxw_error error = LXW_NO_ERROR;
  for (const NamedSheet& each : sheets) {
    lxw_worksheet* sheet =
        workbook_add_worksheet(book, each.name.substr(0, name_characters_max).c_str());
    if (!sheet) error = LXW_ERROR_SHEETNAME_LENGTH_EXCEEDED;
    if (sheet && error == LXW_NO_ERROR) error = write_rows(sheet, each, bold);
  }
  auto closed = workbook_close(book);  // frees it whatever happened
  if (error == LXW_NO_ERROR) error = closed;
  if (error == LXW_NO_ERROR && ::rename(beside.c_str(), file.c_str()) == 0) return ok();
  ::unlink(beside.c_str());
  return failed(error == LXW_NO_ERROR ? "can't be replaced" : lxw_strerror(error));
}

}  // namespace fairlead::tool
