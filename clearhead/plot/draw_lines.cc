// Curves drawn with Cairo.
#include <cairo.h>

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "clearhead/plot/draw_cells.h"
#include "clearhead/plot/line_layout.h"
#include "clearhead/plot/line_plot.h"
#include "clearhead/plot/surface.h"

namespace clearhead::plot {
namespace {

constexpr double kLineWidth = 1.5;
constexpr double kDenseWidth = 0.75;
constexpr double kMarker = 2.6;  // half of its height

// Lengths of line and gap in turn, in points; the first curve is solid.
const std::vector<double>& dashes(std::size_t curve) {
  static const std::vector<double> kDashes[kMostCurves] = {
      {}, {6, 2.5}, {2, 2}, {8, 2, 2, 2}, {4, 1.5}, {10, 3}, {6, 2, 2, 2, 2, 2}};
  return kDashes[curve];
}

// Corners of the marker around (0, 0); none for a circle.
std::vector<LinePoint> marker_corners(std::size_t curve) {
  switch (curve) {
    case 1:
      return {{-0.9, -0.9}, {0.9, -0.9}, {0.9, 0.9}, {-0.9, 0.9}};  // square
    case 2:
      return {{0, -1.15}, {1.1, 0.85}, {-1.1, 0.85}};  // triangle
    case 3:
      return {{0, -1.25}, {1.25, 0}, {0, 1.25}, {-1.25, 0}};  // diamond
    case 4:
      return {{0, 1.15}, {1.1, -0.85}, {-1.1, -0.85}};  // triangle, downwards
    case 5:
      return {{-1.15, 0}, {0.85, 1.1}, {0.85, -1.1}};  // to the left
    case 6:
      return {{1.15, 0}, {-0.85, 1.1}, {-0.85, -1.1}};  // to the right
    default:
      return {};
  }
}

// A marker with a white edge, so that it stands out from the line.
void draw_marker(cairo_t* cairo, std::size_t curve, double x, double y) {
  cairo_new_path(cairo);
  const std::vector<LinePoint> corners = marker_corners(curve);
  if (corners.empty()) cairo_arc(cairo, x, y, kMarker, 0, 2 * std::numbers::pi);
  for (const LinePoint& corner : corners) {
    cairo_line_to(cairo, x + kMarker * corner.x, y + kMarker * corner.y);
  }
  cairo_close_path(cairo);
  cairo_set_dash(cairo, nullptr, 0, 0);
  set_color(cairo, {0xff, 0xff, 0xff});
  cairo_set_line_width(cairo, 1);
  cairo_stroke_preserve(cairo);
  set_color(cairo, curve_color(curve));
  cairo_fill(cairo);
}

void set_pen(cairo_t* cairo, std::size_t curve, bool is_dense) {
  const std::vector<double>& lengths = dashes(curve);
  cairo_set_dash(cairo, lengths.data(), static_cast<int>(lengths.size()), 0);
  cairo_set_line_width(cairo, is_dense ? kDenseWidth : kLineWidth);
  cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
  set_color(cairo, curve_color(curve));
}

void draw_lines(cairo_t* cairo, const std::vector<Line>& lines, Rgb color, double width) {
  cairo_set_dash(cairo, nullptr, 0, 0);
  set_color(cairo, color);
  cairo_set_line_width(cairo, width);
  for (const Line& line : lines) {
    cairo_move_to(cairo, line.x1, line.y1);
    cairo_line_to(cairo, line.x2, line.y2);
  }
  cairo_stroke(cairo);
}

void draw_curve(cairo_t* cairo, const LineCurve& curve, std::size_t number, const Rect& body) {
  const auto x = [&](const LinePoint& point) { return body.x + point.x * body.width; };
  const auto y = [&](const LinePoint& point) { return body.bottom() - point.y * body.height; };
  cairo_save(cairo);  // a range that was asked for may leave some of it outside
  cairo_rectangle(cairo, body.x - 4, body.y - 4, body.width + 8, body.height + 8);
  cairo_clip(cairo);
  set_pen(cairo, number, curve.is_dense);
  for (const std::vector<LinePoint>& piece : curve.pieces) {
    cairo_new_path(cairo);
    for (const LinePoint& point : piece) cairo_line_to(cairo, x(point), y(point));
    cairo_stroke(cairo);
    for (const LinePoint& point : piece) {
      // A point between two gaps would not be seen without a marker.
      if (curve.has_markers || piece.size() == 1) {
        draw_marker(cairo, number, x(point), y(point));
        set_pen(cairo, number, curve.is_dense);
      }
    }
  }
  cairo_restore(cairo);
}

void draw(cairo_t* cairo, const LineFigure& figure, const LineLayout& layout, TextSetter& setter) {
  const Rect& body = layout.body;
  draw_lines(cairo, layout.grid, {0xe4, 0xe4, 0xe4}, 0.5);
  draw_lines(cairo, layout.marks, {0x80, 0x80, 0x80}, 0.5);
  draw_lines(cairo,
             {{body.x, body.y, body.x, body.bottom()},
              {body.x, body.bottom(), body.right(), body.bottom()}},
             {0x80, 0x80, 0x80}, 0.75);
  for (std::size_t i = 0; i < figure.curves.size(); ++i) {
    draw_curve(cairo, figure.curves[i], i, body);
  }
  for (std::size_t i = 0; i < layout.samples.size(); ++i) {
    const Line& sample = layout.samples[i];
    set_pen(cairo, i, false);
    cairo_move_to(cairo, sample.x1, sample.y1);
    cairo_line_to(cairo, sample.x2, sample.y2);
    cairo_stroke(cairo);
    if (figure.curves[i].has_markers) {
      draw_marker(cairo, i, (sample.x1 + sample.x2) / 2, sample.y1);
    }
  }
  for (const PlacedText& text : layout.texts) draw_text(cairo, setter, text);
}

std::string render(const LinePlot& plot, std::string (*bytes_of)(const Page&)) {
  const LineFigure figure = prepare_line_figure(plot);
  TextSetter setter;
  const LineLayout layout = lay_out(figure, setter);
  return bytes_of({.width = layout.width,
                   .height = layout.height,
                   .title = figure.title,
                   .draw = [&](cairo_t* cairo) { draw(cairo, figure, layout, setter); }});
}

}  // namespace

std::string render_svg(const LinePlot& plot) { return render(plot, svg_bytes); }
std::string render_png(const LinePlot& plot) { return render(plot, png_bytes); }
std::string render_pdf(const LinePlot& plot) { return render(plot, pdf_bytes); }

}  // namespace clearhead::plot
