// Choosing a format and a size of type that fit every cell.
#include "clearhead/plot/cell_numbers.h"

#include <algorithm>
#include <cmath>

#include "clearhead/plot/axis_labels.h"

namespace clearhead::plot {
namespace {

constexpr double kSmallestNumberCell = 13;
constexpr double kLargestNumberType = 9;
constexpr double kPadding = 3;  // between a number and the edge of its cell

// The largest type, to half a point, in which `format` fits every cell; 0 if that is unreadable.
double fitting_type(const Figure& figure, const Layout& layout, const NumberFormat& format,
                    TextSetter& setter) {
  double size = kLargestNumberType;
  for (std::size_t p = 0; p < figure.panels.size(); ++p) {
    const PanelLayout& panel = layout.panels[p];
    size = std::min(size, panel.cell_height - 2 * kPadding);
    for (const double x : figure.panels[p].grid.values) {
      if (!std::isfinite(x)) continue;
      const double width = setter.measure(format(x), {.size = 1}).width;
      size = std::min(size, (panel.cell_width - 2 * kPadding) / width);
    }
  }
  size = std::floor(2 * size) / 2;
  return size >= kSmallestType ? size : 0;
}

void place(const Figure& figure, const NumberFormat& format, TextStyle style, TextSetter& setter,
           Layout& layout) {
  for (std::size_t p = 0; p < figure.panels.size(); ++p) {
    const Grid& grid = figure.panels[p].grid;
    PanelLayout& panel = layout.panels[p];
    for (std::int64_t i = 0; i < grid.rows; ++i) {
      for (std::int64_t j = 0; j < grid.columns; ++j) {
        const double value = grid.at(i, j);
        if (!std::isfinite(value)) continue;
        style.color = text_color_on(figure.scale.color(value));
        PlacedText text{format(value), style};
        const TextExtents e = setter.measure(text.text, style);
        const double middle = panel.body.x + (static_cast<double>(j) + 0.5) * panel.cell_width;
        text.x = middle - e.width / 2;
        text.y = panel.body.y + (static_cast<double>(i) + 0.5) * panel.cell_height +
                 0.36 * style.size;  // digits are 0.72 high
        text.ink = {text.x + e.left, text.y + e.top, e.right - e.left, e.bottom - e.top};
        panel.numbers.push_back(std::move(text));
      }
    }
  }
}

}  // namespace

std::vector<NumberFormat> number_formats(const Figure& figure) {
  double most = 0;
  bool whole = true;
  for (const FigurePanel& panel : figure.panels) {
    for (const double x : panel.grid.values) {
      if (!std::isfinite(x)) continue;
      most = std::max(most, std::abs(x));
      whole = whole && x == std::round(x);
    }
  }
  std::vector<NumberFormat> formats;
  const auto decimals = [](int count) {
    return [count](double x) { return x == 0 ? "0" : decimal_text(x, count); };
  };
  if (whole && most < 1e6) return {decimals(0)};
  for (int count = 3; count >= 0; --count) {
    if (most < 1e4 && most >= 20 * std::pow(10.0, -count)) formats.push_back(decimals(count));
  }
  if (!formats.empty()) return formats;
  for (const int digits : {3, 2}) {
    formats.push_back([digits](double x) { return number_text(x, digits); });
  }
  return formats;
}

void place_numbers(const Figure& figure, TextSetter& setter, Layout& layout) {
  for (const PanelLayout& panel : layout.panels) {
    if (std::min(panel.cell_width, panel.cell_height) < kSmallestNumberCell) return;
  }
  for (const NumberFormat& format : number_formats(figure)) {
    const double size = fitting_type(figure, layout, format, setter);
    if (size == 0) continue;
    place(figure, format, {.size = size}, setter, layout);
    return;
  }
}

}  // namespace clearhead::plot
