// SPDX-License-Identifier: Apache-2.0
#include "client/label/print.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "client/label/label.h"

namespace fairlead::client {

namespace {

constexpr double quiet_modules = 4;  // ISO/IEC 18004: on each side
constexpr double wide_from = 1.4;    // times its height
constexpr double text_margin = 1.5, line_height_wanted = 2.5, line_height_max = 5;
constexpr double mm_per_inch = 25.4;

constexpr std::pair<std::string_view, QrContent> contents[] = {{"setup", QrContent::setup},
                                                               {"espressif", QrContent::espressif},
                                                               {"link", QrContent::link},
                                                               {"dpp", QrContent::dpp}};

Result<std::string> qr_text(const local::LabelFacts& facts, QrContent content) {
  if (content == QrContent::link) {
    if (facts.product_uri.empty())
      return fail(Errc::malformed, facts.serial + " has no product URI for an identification link");
    return facts.product_uri;
  }
  if (content == QrContent::dpp) {
    if (facts.dpp.empty()) return fail(Errc::malformed, facts.serial + " has no DPP URI");
    return facts.dpp;
  }
  if (!facts.setup) return fail(Errc::malformed, facts.serial + " has no code for local setup");
  local::SetupLabel setup = *facts.setup;
  const bool all = content == QrContent::setup;
  if (setup.product_uri.empty() || !all) setup.product_uri = all ? facts.product_uri : "";
  if (setup.dpp.empty() || !all) setup.dpp = all ? facts.dpp : "";
  return local::encode_setup_label(setup);
}

// Down to whole dots.
double in_dots(double mm, unsigned dpi) {
  const double per_mm = dpi / mm_per_inch;
  return std::floor(mm * per_mm) / per_mm;
}

std::string mm_text(double mm) {
  char out[32];
  std::snprintf(out, sizeof out, "%.2f mm", mm);
  return out;
}

std::size_t fitting(double room, double each, double gap) {
  return room < each ? 0 : 1 + static_cast<std::size_t>((room - each) / (each + gap) + 1e-6);
}

}  // namespace

std::optional<QrContent> parse_qr_content(std::string_view word) {
  auto found = std::ranges::find(contents, word, [](const auto& each) { return each.first; });
  if (found == std::end(contents)) return std::nullopt;
  return found->second;
}

Result<PrintedLabel> print_label(const local::LabelFacts& facts, QrContent content) {
  PrintedLabel out;
  out.serial = facts.serial;
  TRY(out.qr, qr_text(facts, content));
  TRY(auto readable, parse_label(out.qr).in(facts.serial));
  (void)readable;
  std::string title = facts.vendor;
  if (!title.empty() && !facts.model.empty()) title += " ";
  title += facts.model;
  if (!title.empty()) out.lines.push_back({title, true});
  out.lines.push_back({"S/N " + facts.serial});
  if (facts.setup) {
    if (!facts.setup->code.empty()) out.lines.push_back({"Code " + facts.setup->code, true});
    if (facts.setup->name != facts.serial) out.lines.push_back({facts.setup->name});
  }
  return out;
}

Result<Placement> place_label(const LabelForm& form, std::size_t modules, std::size_t lines) {
  const double all_modules = static_cast<double>(modules) + 2 * quiet_modules;
  const bool wide = form.width >= wide_from * form.height;
  const double text_height = static_cast<double>(lines) * line_height_wanted + text_margin;
  const double side =
      wide ? form.height : std::min(form.width, std::max(0.0, form.height - text_height));
  Placement out;
  out.module = in_dots(side / all_modules, form.dpi);
  if (out.module < module_min)
    return fail(Errc::refused, "the label is too small: its code has " + std::to_string(modules) +
                                   " modules a side, for which there is room of " +
                                   mm_text(side / all_modules) + " each, and cameras want " +
                                   mm_text(module_min) +
                                   "; take a larger label, or a QR code that says less");
  const double edge = in_dots((side - out.module * all_modules) / 2, form.dpi) +
                      in_dots(out.module * quiet_modules, form.dpi);
  out.qr_x = wide ? edge : edge + in_dots((form.width - side) / 2, form.dpi);
  out.qr_y = edge;
  out.text_x = wide ? side : text_margin;
  out.text_y = wide ? text_margin : side;
  out.text_width = form.width - out.text_x - text_margin;
  const double room = form.height - out.text_y - text_margin;
  out.line_height = std::min(line_height_max, room / static_cast<double>(lines));
  if (out.line_height < line_height_min || out.text_width < line_height_min)
    return fail(Errc::refused, "the label is too small for its " + std::to_string(lines) +
                                   " lines of text; take a larger one");
  return out;
}

Result<std::vector<Spot>> places_on(const Paper& paper, const LabelForm& form) {
  const std::size_t columns = fitting(paper.width - 2 * paper.margin, form.width, paper.gap_x);
  const std::size_t rows = fitting(paper.height - 2 * paper.margin, form.height, paper.gap_y);
  if (columns * rows == 0)
    return fail(Errc::refused, "the label is larger than the sheet within its margins");
  auto used = [](std::size_t count, double each, double gap) {
    return static_cast<double>(count) * each + static_cast<double>(count - 1) * gap;
  };
  const double left = (paper.width - used(columns, form.width, paper.gap_x)) / 2;
  const double top = (paper.height - used(rows, form.height, paper.gap_y)) / 2;
  std::vector<Spot> out;
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t column = 0; column < columns; ++column)
      out.push_back({left + static_cast<double>(column) * (form.width + paper.gap_x),
                     top + static_cast<double>(row) * (form.height + paper.gap_y)});
  if (paper.skip >= out.size())
    return fail(Errc::refused, "a sheet has " + std::to_string(out.size()) +
                                   " places only; there are none left to skip to");
  return out;
}

}  // namespace fairlead::client
