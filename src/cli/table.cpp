// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <algorithm>
#include <cstdint>

#include "base/log.h"
#include "client/operator/problem.h"

namespace fairlead::cli {

namespace {

constexpr std::size_t column_width_min = 6;
constexpr std::size_t gap = 2;

struct Range {
  std::uint32_t first, last;
};
// Unicode 15, UAX #11 "W" and "F", by blocks: exact enough to keep columns straight.
constexpr Range wide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},
                          {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},
                          {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
                          {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
                          {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
constexpr Range combining[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},
                               {0x064B, 0x065F}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
                               {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2064},
                               {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};

template <std::size_t N>
bool within(const Range (&ranges)[N], std::uint32_t point) {
  return std::ranges::any_of(ranges, [&](Range r) { return point >= r.first && point <= r.last; });
}

// The first character: its bytes, and its columns.
std::pair<std::size_t, std::size_t> first_character(std::string_view text) {
  std::size_t size = utf8_sequence(text);
  if (size == 0) return {1, 1};
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  std::uint32_t point = size == 1 ? byte(0) : byte(0) & (0xFFu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) point = point << 6 | (byte(i) & 0x3Fu);
  return {size, within(combining, point) ? 0 : within(wide, point) ? 2 : 1};
}

std::string clean(std::string_view text) { return client::plain_text(text, text.size() * 3); }

std::string padded(std::string text, std::size_t width) {
  std::size_t used = display_width(text);
  if (used < width) text.append(width - used, ' ');
  return text;
}

void shrink(std::vector<std::size_t>& widths, const std::vector<bool>& keep, std::size_t room) {
  auto total = [&] {
    std::size_t sum = gap * (widths.size() - 1);
    for (auto each : widths) sum += each;
    return sum;
  };
  while (total() > room) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i) {
      bool may = widths[i] > column_width_min && !(i < keep.size() && keep[i]);
      if (may && (widest == widths.size() || widths[i] > widths[widest])) widest = i;
    }
    if (widest == widths.size()) return;  // narrower than our columns: let the terminal wrap
    --widths[widest];
  }
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    auto [bytes, columns] = first_character(text);
    width += columns;
    text.remove_prefix(bytes);
  }
  return width;
}

std::string cut_to(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::string out;
  std::size_t used = 0;
  while (!text.empty()) {
    auto [bytes, columns] = first_character(text);
    if (used + columns > width - 1) break;
    out += text.substr(0, bytes);
    used += columns;
    text.remove_prefix(bytes);
  }
  return out + "…";
}

std::string layout(const Table& table, std::size_t width) {
  std::vector<std::vector<std::string>> lines{table.header};
  for (const auto& row : table.rows) {
    auto& line = lines.emplace_back();
    for (const auto& cell : row) line.push_back(clean(cell));
    line.resize(table.header.size());
  }
  std::vector<std::size_t> widths(table.header.size(), 0);
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max(widths[i], display_width(line[i]));
  if (width > 0 && !widths.empty()) shrink(widths, table.keep, width);
  std::string out;
  for (const auto& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i)
      text += padded(cut_to(line[i], widths[i]), i + 1 < line.size() ? widths[i] + gap : 0);
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

std::string layout_pairs(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::size_t width = 0;
  for (const auto& [name, value] : pairs)
    if (!value.empty()) width = std::max(width, display_width(clean(name)));
  std::string out;
  for (const auto& [name, value] : pairs)
    if (!value.empty()) out += padded(clean(name) + ":", width + 1 + gap) + clean(value) + "\n";
  return out;
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  if (width <= indent + column_width_min) return std::string(text);
  std::string out;
  std::size_t used = indent;
  while (!text.empty()) {
    auto blank = text.find(' ');
    std::string_view word = text.substr(0, blank);
    text.remove_prefix(blank == text.npos ? text.size() : blank + 1);
    std::size_t columns = display_width(word);
    bool first = used == indent;
    if (!first && used + 1 + columns > width) {
      out += "\n" + std::string(indent, ' ');
      used = indent;
      first = true;
    }
    if (!first) out += " ";
    out += word;
    used += columns + (first ? 0 : 1);
  }
  return out;
}

}  // namespace fairlead::cli
