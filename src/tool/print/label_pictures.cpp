// SPDX-License-Identifier: Apache-2.0
#include "tool/print/label_pictures.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>
#include <qrencode.h>

#include <cmath>
#include <memory>

namespace fairlead::tool {

namespace {

using client::LabelForm;
using client::Placement;
using client::PrintedLabel;

constexpr double mm_per_inch = 25.4, points_per_mm = 72 / mm_per_inch;
constexpr double font_per_line = 0.72, font_min_mm = 1.2, baseline = 0.76;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* what) const {
    Free(what);
  }
};
using Code = std::unique_ptr<QRcode, Freed<QRcode_free>>;
using Surface = std::unique_ptr<cairo_surface_t, Freed<cairo_surface_destroy>>;
using Canvas = std::unique_ptr<cairo_t, Freed<cairo_destroy>>;

Result<Code> encode_qr(const std::string& text) {
  Code out(QRcode_encodeData(static_cast<int>(text.size()),
                             reinterpret_cast<const unsigned char*>(text.data()), 0, QR_ECLEVEL_M));
  if (!out) return fail(Errc::refused, "what the QR code is to say is too long for one");
  return out;
}

bool is_dark(const QRcode& code, int x, int y) { return (code.data[y * code.width + x] & 1) != 0; }

// One path of horizontal runs, so that no seams show between modules.
void draw_code(cairo_t* canvas, const QRcode& code, const Placement& at) {
  cairo_set_antialias(canvas, CAIRO_ANTIALIAS_NONE);
  for (int y = 0; y < code.width; ++y) {
    for (int x = 0; x < code.width; ++x) {
      const int begin = x;
      while (x < code.width && is_dark(code, x, y)) ++x;
      if (x > begin)
        cairo_rectangle(canvas, at.qr_x + begin * at.module, at.qr_y + y * at.module,
                        (x - begin) * at.module, at.module);
    }
  }
  cairo_fill(canvas);
  cairo_set_antialias(canvas, CAIRO_ANTIALIAS_DEFAULT);
}

Result<void> draw_line(cairo_t* canvas, const PrintedLabel::Line& line, double y,
                       const Placement& at) {
  cairo_select_font_face(canvas, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                         line.strong ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  double size = at.line_height * font_per_line;
  cairo_set_font_size(canvas, size);
  cairo_text_extents_t extents{};
  cairo_text_extents(canvas, line.text.c_str(), &extents);
  if (extents.x_advance > at.text_width) size *= at.text_width / extents.x_advance;
  if (size < font_min_mm)
    return fail(Errc::refused, "the label is too narrow for '" + line.text + "'");
  cairo_set_font_size(canvas, size);
  cairo_move_to(canvas, at.text_x, y + at.line_height * baseline);
  cairo_show_text(canvas, line.text.c_str());
  return ok();
}

// With its corner at the canvas's origin, in millimetres.
Result<void> draw_label(cairo_t* canvas, const PrintedLabel& label, const LabelForm& form) {
  TRY(auto code, encode_qr(label.qr));
  TRY(auto at,
      client::place_label(form, static_cast<std::size_t>(code->width), label.lines.size()));
  cairo_set_source_rgb(canvas, 0, 0, 0);
  draw_code(canvas, *code, at);
  double y = at.text_y;
  for (const auto& line : label.lines) {
    TRY_VOID(draw_line(canvas, line, y, at));
    y += at.line_height;
  }
  return ok();
}

cairo_status_t collect(void* to, const unsigned char* bytes, unsigned size) {
  static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(bytes), size);
  return CAIRO_STATUS_SUCCESS;
}

Result<void> settled(cairo_status_t status) {
  if (status == CAIRO_STATUS_SUCCESS) return ok();
  return fail(Errc::internal, std::string("cairo: ") + cairo_status_to_string(status));
}

Result<std::string> draw_svg(const PrintedLabel& label, const LabelForm& form) {
  std::string out;
  Surface surface(cairo_svg_surface_create_for_stream(collect, &out, form.width, form.height));
  cairo_svg_surface_set_document_unit(surface.get(), CAIRO_SVG_UNIT_MM);
  Canvas canvas(cairo_create(surface.get()));
  cairo_set_source_rgb(canvas.get(), 1, 1, 1);
  cairo_paint(canvas.get());
  TRY_VOID(draw_label(canvas.get(), label, form));
  canvas.reset();
  cairo_surface_finish(surface.get());
  TRY_VOID(settled(cairo_surface_status(surface.get())));
  return out;
}

Result<std::string> draw_png(const PrintedLabel& label, const LabelForm& form) {
  const double per_mm = form.dpi / mm_per_inch;
  Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24,
                                             static_cast<int>(std::lround(form.width * per_mm)),
                                             static_cast<int>(std::lround(form.height * per_mm))));
  Canvas canvas(cairo_create(surface.get()));
  cairo_set_source_rgb(canvas.get(), 1, 1, 1);
  cairo_paint(canvas.get());
  cairo_scale(canvas.get(), per_mm, per_mm);
  TRY_VOID(draw_label(canvas.get(), label, form));
  canvas.reset();
  std::string out;
  TRY_VOID(settled(cairo_surface_write_to_png_stream(surface.get(), collect, &out)));
  return out;
}

Result<void> draw_at(cairo_t* canvas, const PrintedLabel& label, const LabelForm& form,
                     client::Spot place) {
  cairo_save(canvas);
  cairo_translate(canvas, place.x, place.y);
  auto drawn = draw_label(canvas, label, form).in(label.serial);
  cairo_restore(canvas);
  return drawn;
}

Result<std::string> draw_pdf(std::span<const PrintedLabel> labels, const LabelForm& form) {
  std::vector<client::Spot> places{{}};
  if (form.paper) {
    TRY(places, client::places_on(*form.paper, form));
  }
  const double width = form.paper ? form.paper->width : form.width;
  const double height = form.paper ? form.paper->height : form.height;
  std::string out;
  Surface surface(cairo_pdf_surface_create_for_stream(collect, &out, width * points_per_mm,
                                                      height * points_per_mm));
  Canvas canvas(cairo_create(surface.get()));
  cairo_scale(canvas.get(), points_per_mm, points_per_mm);
  std::size_t place = form.paper ? form.paper->skip : 0;
  for (const PrintedLabel& label : labels) {
    if (place == places.size()) {
      cairo_show_page(canvas.get());
      place = 0;
    }
    TRY_VOID(draw_at(canvas.get(), label, form, places[place++]));
  }
  cairo_show_page(canvas.get());
  canvas.reset();
  cairo_surface_finish(surface.get());
  TRY_VOID(settled(cairo_surface_status(surface.get())));
  return out;
}

}  // namespace

Result<std::string> draw_labels(std::span<const PrintedLabel> labels, const LabelForm& form) {
  if (labels.empty()) return fail(Errc::malformed, "there is no label to draw");
  if (form.format == client::LabelFormat::pdf) return draw_pdf(labels, form);
  const PrintedLabel& label = labels.front();
  return (form.format == client::LabelFormat::svg ? draw_svg(label, form) : draw_png(label, form))
      .in(label.serial);
}

}  // namespace fairlead::tool
