// SPDX-License-Identifier: Apache-2.0
// Text for people: aligned tables that fit the terminal. Everything is cleaned of control
// characters first: a device chooses its own name, and must not command the terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fairlead::cli {

std::size_t display_width(std::string_view utf8);              // columns; wide characters take two
std::string cut_to(std::string_view utf8, std::size_t width);  // with "…" where it was cut

struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  std::vector<bool> keep{};  // columns that are never cut: ids, to be copied
};

// width 0: as wide as needed (a pipe). Columns that may be cut give way, the widest first.
std::string layout(const Table& table, std::size_t width);

// "name: value" lines, names aligned; empty values are left out.
std::string layout_pairs(const std::vector<std::pair<std::string, std::string>>& pairs);

// Breaks at blanks; further lines begin with `indent` blanks. width 0: one line.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace fairlead::cli
