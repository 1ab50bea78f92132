// The description of a figure of curves; every renderer (SVG, PNG, PDF, HTML, terminal) draws from
// it.
#ifndef CLEARHEAD_PLOT_LINE_PLOT_H_
#define CLEARHEAD_PLOT_LINE_PLOT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "clearhead/plot/heatmap.h"
#include "clearhead/plot/terminal.h"

namespace clearhead::plot {

/// Points (x[i], y[i]) joined by lines, such as the loss of each step.
struct Curve {
  std::string name = {};       ///< in the legend
  std::vector<double> x = {};  ///< finite, ascending or equal
  std::vector<double> y = {};  ///< as many; where one is NaN or infinite the line is broken
};

/// The most curves of a figure: there are no more colours that every eye tells apart on white.
inline constexpr std::size_t kMostCurves = 7;

/// Several curves over the same axes. Each has its own colour, dashes and marker, so that they can
/// be told apart without colours too. Text is UTF-8; everything in it is drawn visibly. On a log
/// axis values of 0 and below cannot be drawn: the line is broken there, and a note says so.
struct LinePlot {
  std::string title = {};             ///< above
  std::vector<Curve> curves = {};     ///< 1 to 7
  std::string x_title = {};           ///< such as "step"
  std::string y_title = {};           ///< such as "loss"
  Scale x_scale = Scale::linear;      ///< of the x axis
  Scale y_scale = Scale::linear;      ///< of the y axis
  std::optional<Range> y_range = {};  ///< left out: from the values

  /// Throws Error, naming the curve, unless there are 1 to 7 curves, each with at least one point,
  /// as many y as x, and x ascending; the range ascends, and on a log axis begins above 0.
  void validate() const;
};

/// As for a heatmap (draw.h, html.h, terminal.h). The page shows the values of all curves at the
/// place under the pointer, or under a cursor that the arrow keys move.
std::string render_svg(const LinePlot& plot);
/// The same as PNG.
std::string render_png(const LinePlot& plot);
/// The same as PDF.
std::string render_pdf(const LinePlot& plot);
/// The same as a page.
std::string render_html(const LinePlot& plot);
/// In colour the curves are lines of dots; else each has a character of its own.
std::string render_terminal(const LinePlot& plot, const TerminalOptions& options);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_LINE_PLOT_H_
