// The drawing of a heatmap.
#include "clearhead/plot/draw.h"

#include <cairo.h>

#include <string>
#include <utility>

#include "clearhead/plot/draw_cells.h"
#include "clearhead/plot/figure.h"
#include "clearhead/plot/layout.h"
#include "clearhead/plot/panel_places.h"
#include "clearhead/plot/surface.h"
#include "clearhead/plot/text.h"

namespace clearhead::plot {
namespace {

// Above this many cells, in all panels, images make the smaller file.
constexpr std::size_t kMostRectangles = 6000;

struct Drawing {
  Figure figure;
  Layout layout;
  TextSetter& setter;
};

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

std::string render(const Heatmap& heatmap, std::string (*bytes_of)(const Page&)) {
  heatmap.validate();
  const CellLimit limit = cell_limit(heatmap);
  TextSetter setter;
  Figure figure = prepare_figure(heatmap, limit.rows, limit.columns);
  Layout layout = lay_out(figure, setter);
  const Drawing drawing{std::move(figure), std::move(layout), setter};
  return bytes_of({.width = drawing.layout.width,
                   .height = drawing.layout.height,
                   .title = drawing.figure.title,
                   .draw = [&](cairo_t* cairo) { draw(cairo, drawing); }});
}

}  // namespace

std::string render_svg(const Heatmap& heatmap) { return render(heatmap, svg_bytes); }
std::string render_png(const Heatmap& heatmap) { return render(heatmap, png_bytes); }
std::string render_pdf(const Heatmap& heatmap) { return render(heatmap, pdf_bytes); }

}  // namespace clearhead::plot
