// Numbers are flat colours. −∞, NaN and +∞ are hatched; the hatching runs on through neighbouring
// cells.
#include "clearhead/plot/draw_cells.h"

#include <cairo.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace clearhead::plot {
namespace {

constexpr double kSeparator = 0.75;  // white between cells
constexpr double kSignWidth = 0.5;

// How a special value looks: lines at 45° on a ground.
struct Hatching {
  Rgb ground;
  Rgb line;
  double width;  // points, as is
  double pitch;  // from line to line, along the x axis
  bool rising;   // lines like /
  bool falling;  // lines like \.
};

const Hatching& hatching(Special kind) {
  static constexpr Hatching kMasked{{0xf4, 0xf4, 0xf4}, {0xc8, 0xc8, 0xc8}, 0.5, 5, true, false};
  static constexpr Hatching kNan{{0xb0, 0xb0, 0xb0}, {0x50, 0x50, 0x50}, 0.5, 5, true, true};
  static constexpr Hatching kInfinite{{0x10, 0x10, 0x10}, {0xff, 0xff, 0xff}, 0.5, 5, false, true};
  if (kind == Special::masked) return kMasked;
  return kind == Special::nan ? kNan : kInfinite;
}

Special special_of(double value) {
  if (std::isnan(value)) return Special::nan;
  return value < 0 ? Special::masked : Special::infinite;
}

// Fills the current path of `cairo`, whose bounds are `box`.
void fill_hatched(cairo_t* cairo, const Rect& box, Special kind) {
  const Hatching& hatch = hatching(kind);
  cairo_save(cairo);
  cairo_clip(cairo);
  set_color(cairo, hatch.ground);
  cairo_paint(cairo);
  set_color(cairo, hatch.line);
  cairo_set_line_width(cairo, hatch.width);
  const double shift = box.height;
  const double first = std::floor((box.x - shift) / hatch.pitch) * hatch.pitch;
  for (double x = first; x < box.right() + shift; x += hatch.pitch) {
    if (hatch.rising) {
      cairo_move_to(cairo, x, box.bottom());
      cairo_line_to(cairo, x + box.height, box.y);
    }
    if (hatch.falling) {
      cairo_move_to(cairo, x, box.y);
      cairo_line_to(cairo, x + box.height, box.bottom());
    }
  }
  cairo_stroke(cairo);
  cairo_restore(cairo);
}

// Calls f(row, first column, last column + 1) for the longest stretches of columns on which `key`
// stays the same.
template <typename Key, typename F>
void for_each_run(const Grid& grid, std::int64_t row, Key&& key, F&& f) {
  std::int64_t begin = 0;
  for (std::int64_t j = 1; j <= grid.columns; ++j) {
    if (j < grid.columns && key(grid.at(row, j)) == key(grid.at(row, begin))) continue;
    f(begin, j);
    begin = j;
  }
}

// The rectangle of columns [begin, end) of a row.
Rect run_box(const PanelLayout& layout, std::int64_t row, std::int64_t begin, std::int64_t end) {
  return {layout.body.x + static_cast<double>(begin) * layout.cell_width,
          layout.body.y + static_cast<double>(row) * layout.cell_height,
          static_cast<double>(end - begin) * layout.cell_width, layout.cell_height};
}

void draw_numbers(cairo_t* cairo, const Grid& grid, const PanelLayout& layout,
                  const ColorScale& scale) {
  // Each cell reaches under its right and lower neighbours, or else viewers let the page shine
  // through the seams.
  const double gap = layout.separated ? kSeparator : 0;
  const double under = layout.separated ? 0 : 0.4;
  const Rect& body = layout.body;
  for (std::int64_t i = 0; i < grid.rows; ++i) {
    const auto draw_run = [&](std::int64_t begin, std::int64_t end) {
      const double value = grid.at(i, begin);
      if (!std::isfinite(value)) return;
      const Rect box = run_box(layout, i, begin, end);
      set_color(cairo, scale.color(value));
      cairo_rectangle(cairo, box.x + gap / 2, box.y + gap / 2,
                      std::min(box.right() + under, body.right()) - box.x - gap,
                      std::min(box.bottom() + under, body.bottom()) - box.y - gap);
      cairo_fill(cairo);
    };
    if (layout.separated) {
      for (std::int64_t j = 0; j < grid.columns; ++j) draw_run(j, j + 1);
    } else {
      const auto color_key = [&](double x) {
        const Rgb c = std::isfinite(x) ? scale.color(x) : Rgb{};
        return std::isfinite(x) ? (c.r << 16 | c.g << 8 | c.b) : -1;
      };
      for_each_run(grid, i, color_key, draw_run);
    }
  }
}

void draw_specials(cairo_t* cairo, const Grid& grid, const PanelLayout& layout) {
  for (const Special kind : {Special::masked, Special::nan, Special::infinite}) {
    const auto is_kind = [&](double x) { return !std::isfinite(x) && special_of(x) == kind; };
    for (std::int64_t i = 0; i < grid.rows; ++i) {
      for_each_run(grid, i, is_kind, [&](std::int64_t begin, std::int64_t end) {
        if (!is_kind(grid.at(i, begin))) return;
        const Rect box = run_box(layout, i, begin, end);
        cairo_rectangle(cairo, box.x, box.y, box.width, box.height);
      });
    }
    if (cairo_has_current_point(cairo)) fill_hatched(cairo, layout.body, kind);
  }
}

// A short dash in each cell below zero, so that signs can be told apart without colours too.
void draw_signs(cairo_t* cairo, const Grid& grid, const PanelLayout& layout,
                const ColorScale& scale) {
  cairo_set_line_width(cairo, kSignWidth);
  for (std::int64_t i = 0; i < grid.rows; ++i) {
    for (std::int64_t j = 0; j < grid.columns; ++j) {
      const double value = grid.at(i, j);
      if (!std::isfinite(value) || value >= 0) continue;
      const Rect box = run_box(layout, i, j, j + 1);
      const double half = std::min(0.2 * box.width, 2.5);
      const Rgb color = text_color_on(scale.color(value));
      cairo_set_source_rgba(cairo, color.r / 255.0, color.g / 255.0, color.b / 255.0, 0.55);
      cairo_move_to(cairo, box.x + box.width / 2 - half, box.y + box.height / 2);
      cairo_line_to(cairo, box.x + box.width / 2 + half, box.y + box.height / 2);
      cairo_stroke(cairo);
    }
  }
}

// The hatching at a point of the page, its lines softened over a pixel.
Rgb hatched_pixel(const Hatching& hatch, double x, double y) {
  const auto cover = [&](double along) {  // of a line that passes where `along` is 0
    const double offset = std::abs(std::remainder(along, hatch.pitch)) / std::numbers::sqrt2;
    return std::clamp((hatch.width / 2 - offset) * kPixelsPerPoint + 0.5, 0.0, 1.0);
  };
  double line = 0;
  if (hatch.rising) line = cover(x + y);
  if (hatch.falling) line = std::max(line, cover(x - y));
  const auto mix = [&](int from, int to) {
    return static_cast<std::uint8_t>(std::lround(from + line * (to - from)));
  };
  return {mix(hatch.ground.r, hatch.line.r), mix(hatch.ground.g, hatch.line.g),
          mix(hatch.ground.b, hatch.line.b)};
}

void draw_image(cairo_t* cairo, const Grid& grid, const PanelLayout& layout,
                const ColorScale& scale) {
  const int cell_width = static_cast<int>(std::lround(layout.cell_width * kPixelsPerPoint));
  const int cell_height = static_cast<int>(std::lround(layout.cell_height * kPixelsPerPoint));
  cairo_surface_t* image =
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(grid.columns) * cell_width,
                                 static_cast<int>(grid.rows) * cell_height);
  const std::ptrdiff_t stride = cairo_image_surface_get_stride(image);
  unsigned char* data = cairo_image_surface_get_data(image);
  for (std::int64_t y = 0; y < grid.rows * cell_height; ++y) {
    auto* line = reinterpret_cast<std::uint32_t*>(data + y * stride);
    for (std::int64_t j = 0; j < grid.columns; ++j) {
      const double value = grid.at(y / cell_height, j);
      const bool finite = std::isfinite(value);
      Rgb c = finite ? scale.color(value) : Rgb{};
      for (std::int64_t x = j * cell_width; x < (j + 1) * cell_width; ++x) {
        if (!finite) {
          c = hatched_pixel(hatching(special_of(value)),
                            (static_cast<double>(x) + 0.5) / kPixelsPerPoint,
                            (static_cast<double>(y) + 0.5) / kPixelsPerPoint);
        }
        line[x] =
            static_cast<std::uint32_t>(c.r) << 16 | static_cast<std::uint32_t>(c.g) << 8 | c.b;
      }
    }
  }
  cairo_surface_mark_dirty(image);
  cairo_save(cairo);
  cairo_translate(cairo, layout.body.x, layout.body.y);
  cairo_scale(cairo, 1.0 / kPixelsPerPoint, 1.0 / kPixelsPerPoint);
  cairo_set_source_surface(cairo, image, 0, 0);
  cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_NEAREST);
  cairo_paint(cairo);
  cairo_restore(cairo);
  cairo_surface_destroy(image);
}

}  // namespace

void draw_cells(cairo_t* cairo, const FigurePanel& panel, const PanelLayout& layout,
                const ColorScale& scale, bool as_image) {
  if (as_image) {
    draw_image(cairo, panel.grid, layout, scale);
  } else {
    draw_numbers(cairo, panel.grid, layout, scale);
    draw_specials(cairo, panel.grid, layout);
    if (layout.marks_signs) draw_signs(cairo, panel.grid, layout, scale);
  }
  if (layout.separated) return;
  set_color(cairo, {0x80, 0x80, 0x80});
  cairo_set_line_width(cairo, 0.5);
  cairo_rectangle(cairo, layout.body.x, layout.body.y, layout.body.width, layout.body.height);
  cairo_stroke(cairo);
}

void draw_special(cairo_t* cairo, const Rect& box, Special kind) {
  cairo_rectangle(cairo, box.x, box.y, box.width, box.height);
  fill_hatched(cairo, box, kind);
}

void set_color(cairo_t* cairo, Rgb color) {
  cairo_set_source_rgb(cairo, color.r / 255.0, color.g / 255.0, color.b / 255.0);
}

}  // namespace clearhead::plot
