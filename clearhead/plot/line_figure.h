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
  std::string title = {};       ///< what its values are
  Scale scale = Scale::linear;  ///< of its places
  double low = 0;               ///< the value at its low end
  double high = 1;              ///< the value at its high end
  bool powers_of_two = false;   ///< of a log axis: all values are, and so are its ticks

  /// Where a value lies: 0 … 1 within the axis.
  double position(double value) const;
  /// At most `count` (at least 2) round values within the axis, ascending.
  std::vector<Tick> ticks(int count) const;
};

/// A point of a curve.
struct LinePoint {
  double x = 0;  ///< position on its axis
  double y = 0;  ///< likewise
};

/// A curve, ready to be drawn.
struct LineCurve {
  std::string name;                            ///< in the legend
  Rgb color;                                   ///< on white
  std::vector<std::vector<LinePoint>> pieces;  ///< unbroken lines, of at least one point each
  bool has_markers = false;                    ///< few enough points to mark each
  bool is_dense = false;                       ///< so many that only a thin line shows its noise
};

/// Curves, ready to be drawn.
struct LineFigure {
  std::string title;               ///< visible text
  LineAxis x;                      ///< to the right
  LineAxis y;                      ///< upwards
  std::vector<LineCurve> curves;   ///< in their order
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
