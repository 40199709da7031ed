// SPDX-License-Identifier: Apache-2.0
// What is printed on a label, and where on it and on the paper. Lengths are in millimetres, from
// the upper left corner; drawing is somebody else's affair (tool/print).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "local/setup_label.h"

namespace fairlead::client {

enum class QrContent : std::uint8_t {
  setup,      // Espressif's JSON with all that is known
  espressif,  // the same with Espressif's members only: fewer modules
  link,       // the product URI and nothing else, IEC 61406-1
  dpp         // the bootstrap URI of Wi-Fi Easy Connect and nothing else
};
std::optional<QrContent> parse_qr_content(std::string_view word);  // "setup"

struct PrintedLabel {
  struct Line {
    std::string text;
    bool strong = false;
  };
  std::string serial;       // for the name of a file
  std::string qr;           // what the code says: parse_label() takes it
  std::vector<Line> lines;  // for people: maker and model, serial, code and name
};
// malformed: the content needs what the facts don't have, or is no label that could be read again.
Result<PrintedLabel> print_label(const local::LabelFacts& facts, QrContent content);

struct Paper {
  double width = 210, height = 297, margin = 5;  // the printer's own, on each side
  double gap_x = 0, gap_y = 0;                   // between labels
  std::size_t skip = 0;                          // places that are used up already
};
enum class LabelFormat : std::uint8_t { svg, png, pdf };
struct LabelForm {
  double width = 50, height = 25;
  unsigned dpi = 300;  // modules are whole dots of the printer
  LabelFormat format = LabelFormat::pdf;
  std::optional<Paper> paper;  // PDF: many on a page; none: a page for each
};

struct Placement {
  double module = 0;          // side of one
  double qr_x = 0, qr_y = 0;  // of the first module; the quiet zone is around it
  double text_x = 0, text_y = 0, text_width = 0, line_height = 0;
};
// Code to the left of the text on a wide label, above it on others. refused, with what to do: its
// modules would be smaller than module_min, or its lines lower than line_height_min.
inline constexpr double module_min = 0.25, line_height_min = 1.8;
Result<Placement> place_label(const LabelForm& form, std::size_t modules, std::size_t lines);

struct Spot {
  double x = 0, y = 0;
};
// The places of one page, row by row, in the middle of the paper. refused: not one label fits.
Result<std::vector<Spot>> places_on(const Paper& paper, const LabelForm& form);

}  // namespace fairlead::client
