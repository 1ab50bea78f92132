// Curves made ready to draw: axes with their ticks, points placed, text made visible. Every
// renderer of curves starts from this.
#ifndef CLEARHEAD_PLOT_LINE_FIGURE_H_
#define CLEARHEAD_PLOT_LINE_FIGURE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "clearhead/plot/color.h"
#include "clearhead/plot/color_scale.h"
#include "clearhead/plot/line_plot.h"

namespace clearhead::plot {

/// One axis: from values to places, 0 (low end) … 1 (high end).
struct LineAxis {
  std::string title = {};
  Scale scale = Scale::linear;
  double low = 0;
  double high = 1;
  bool powers_of_two = false;  ///< of a log axis: all values are, and so are its ticks

  double position(double value) const;
  /// At most `count` (at least 2) round values within the axis, ascending.
  std::vector<Tick> ticks(int count) const;
};

struct LinePoint {
  double x = 0;  ///< position on its axis
  double y = 0;
};

struct LineCurve {
  std::string name;
  Rgb color;
  std::vector<std::vector<LinePoint>> pieces;  ///< unbroken lines, of at least one point each
  bool has_markers = false;                    ///< few enough points to mark each
  bool is_dense = false;                       ///< so many that only a thin line shows its noise
};

struct LineFigure {
  std::string title;
  LineAxis x;
  LineAxis y;
  std::vector<LineCurve> curves;
  std::vector<std::string> notes;  ///< what a reader must know: what is not drawn
};

/// Validates `plot`. Of many points at nearly the same x, only those at the edges of the drawn line
/// are kept.
LineFigure prepare_line_figure(const LinePlot& plot);

/// The colour of curve i: those of Okabe and Ito ("Color universal design", 2008), without yellow,
/// which is too pale on white.
Rgb curve_color(std::size_t i);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_LINE_FIGURE_H_
