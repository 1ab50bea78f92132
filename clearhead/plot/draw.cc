// The drawing, and the three kinds of surface it is made on.
#include "clearhead/plot/draw.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/plot/draw_cells.h"
#include "clearhead/plot/figure.h"
#include "clearhead/plot/label.h"
#include "clearhead/plot/layout.h"
#include "clearhead/plot/text.h"

namespace clearhead {
namespace {

// Above this many cells, in all panels, images make the smaller file.
constexpr std::size_t kMostRectangles = 6000;

using Surface = std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)>;

struct Drawing {
  Figure figure;
  Layout layout;
  TextSetter& setter;
};

cairo_status_t append(void* to, const unsigned char* data, unsigned int length) {
  static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

void check(cairo_status_t status) {
  if (status == CAIRO_STATUS_SUCCESS) return;
  throw Error(std::string("figure: Cairo could not draw it: ") + cairo_status_to_string(status));
}

void draw_text(cairo_t* cairo, TextSetter& setter, const PlacedText& text) {
  setter.draw(cairo, text.text, text.style, text.max_width, text.x, text.y, text.vertical);
}

void draw_color_bar(cairo_t* cairo, const ColorScale& scale, const Layout& layout) {
  const Rect& bar = layout.bar;
  const double length = layout.bar_is_vertical ? bar.height : bar.width;
  const int steps = static_cast<int>(length);  // a strip a point
  for (int i = 0; i < steps; ++i) {
    set_color(cairo, scale.color_at((i + 0.5) / steps));
    // A strip reaches under the next ones, which are drawn over it.
    if (layout.bar_is_vertical) {
      cairo_rectangle(cairo, bar.x, bar.y, bar.width, bar.height * (steps - i) / steps);
    } else {
      const double x = bar.x + bar.width * i / steps;
      cairo_rectangle(cairo, x, bar.y, bar.right() - x, bar.height);
    }
    cairo_fill(cairo);
  }
}

void draw(cairo_t* cairo, const Drawing& drawing) {
  const auto& [figure, layout, setter] = drawing;
  cairo_set_source_rgb(cairo, 1, 1, 1);
  cairo_paint(cairo);
  const std::size_t share = kMostRectangles / figure.panels.size();
  for (std::size_t i = 0; i < figure.panels.size(); ++i) {
    const FigurePanel& panel = figure.panels[i];
    draw_cells(cairo, panel, layout.panels[i], figure.scale, panel.grid.values.size() > share);
    for (const PlacedText& number : layout.panels[i].numbers) draw_text(cairo, setter, number);
  }
  draw_color_bar(cairo, figure.scale, layout);
  for (const Swatch& swatch : layout.swatches) draw_special(cairo, swatch.box, swatch.kind);
  set_color(cairo, {0x80, 0x80, 0x80});
  cairo_set_line_width(cairo, 0.5);
  for (const Line& mark : layout.marks) {
    cairo_move_to(cairo, mark.x1, mark.y1);
    cairo_line_to(cairo, mark.x2, mark.y2);
  }
  cairo_stroke(cairo);
  for (const PlacedText& text : layout.texts) draw_text(cairo, setter, text);
}

void draw_on(cairo_surface_t* surface, const Drawing& drawing) {
  check(cairo_surface_status(surface));
  cairo_t* cairo = cairo_create(surface);
  draw(cairo, drawing);
  const cairo_status_t status = cairo_status(cairo);
  cairo_destroy(cairo);
  check(status);
}

Drawing prepare(const Heatmap& heatmap, TextSetter& setter) {
  heatmap.validate();
  const CellLimit limit = cell_limit(heatmap);
  Figure figure = prepare_figure(heatmap, limit.rows, limit.columns);
  Layout layout = lay_out(figure, setter);
  return {std::move(figure), std::move(layout), setter};
}

// Cairo numbers surfaces and images by a counter that runs as long as the process; here each kind of
// name counts from 1. Names stand after `id="` and, where they are used, after `#`.
std::string renumber_names(std::string_view svg) {
  std::map<std::string_view, std::vector<std::string_view>> seen;  // numbers of each kind
  std::string result;
  while (true) {
    const std::size_t mark = std::min(svg.find("id=\""), svg.find('#'));
    if (mark == std::string_view::npos) return result.append(svg);
    const std::size_t begin = mark + (svg[mark] == '#' ? 1 : 4);
    const std::size_t digits =
        std::min(svg.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", begin), svg.size());
    const std::size_t end = std::min(svg.find_first_not_of("0123456789", digits), svg.size());
    result.append(svg.substr(0, digits));
    if (end > digits && end < svg.size() && (svg[end] == '"' || svg[end] == ')')) {
      std::vector<std::string_view>& numbers = seen[svg.substr(begin, digits - begin)];
      const std::string_view number = svg.substr(digits, end - digits);
      auto found = std::find(numbers.begin(), numbers.end(), number);
      if (found == numbers.end()) found = numbers.insert(numbers.end(), number);
      result += std::to_string(found - numbers.begin() + 1);
    } else {
      result.append(svg.substr(digits, end - digits));
    }
    svg.remove_prefix(end);
  }
}

}  // namespace

std::string render_svg(const Heatmap& heatmap) {
  TextSetter setter;
  const Drawing drawing = prepare(heatmap, setter);
  std::string bytes;
  {
    const Surface surface(cairo_svg_surface_create_for_stream(append, &bytes, drawing.layout.width,
                                                              drawing.layout.height),
                          cairo_surface_destroy);
    draw_on(surface.get(), drawing);
    cairo_surface_finish(surface.get());
    check(cairo_surface_status(surface.get()));
  }
  bytes = renumber_names(bytes);
  const std::size_t tag_end = bytes.find('>', bytes.find("<svg"));
  if (!drawing.figure.title.empty() && tag_end != std::string::npos) {
    bytes.insert(tag_end + 1, "\n<title>" + escape_markup(drawing.figure.title) + "</title>");
  }
  return bytes;
}

std::string render_png(const Heatmap& heatmap) {
  TextSetter setter;
  const Drawing drawing = prepare(heatmap, setter);
  const Surface surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24,
                                 static_cast<int>(drawing.layout.width) * kPixelsPerPoint,
                                 static_cast<int>(drawing.layout.height) * kPixelsPerPoint),
      cairo_surface_destroy);
  cairo_surface_set_device_scale(surface.get(), kPixelsPerPoint, kPixelsPerPoint);
  draw_on(surface.get(), drawing);
  std::string bytes;
  check(cairo_surface_write_to_png_stream(surface.get(), append, &bytes));
  return bytes;
}

std::string render_pdf(const Heatmap& heatmap) {
  TextSetter setter;
  const Drawing drawing = prepare(heatmap, setter);
  std::string bytes;
  const Surface surface(cairo_pdf_surface_create_for_stream(append, &bytes, drawing.layout.width,
                                                            drawing.layout.height),
                        cairo_surface_destroy);
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_TITLE,
                                 drawing.figure.title.c_str());
  // The time of creation would make each file different.
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATE_DATE,
                                 "2000-01-01T00:00:00Z");
  draw_on(surface.get(), drawing);
  cairo_surface_finish(surface.get());
  check(cairo_surface_status(surface.get()));
  return bytes;
}

}  // namespace clearhead
