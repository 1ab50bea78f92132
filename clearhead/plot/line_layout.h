// Where everything of a figure of curves stands on the page, in points from its upper left corner.
#ifndef CLEARHEAD_PLOT_LINE_LAYOUT_H_
#define CLEARHEAD_PLOT_LINE_LAYOUT_H_

#include <vector>

#include "clearhead/plot/layout.h"
#include "clearhead/plot/line_figure.h"

namespace clearhead::plot {

/// Where everything of a figure of curves stands, in points.
struct LineLayout {
  double width = 0;                    ///< of the page
  double height = 0;                   ///< of the page
  Rect body = {};                      ///< what the axes enclose
  std::vector<PlacedText> texts = {};  ///< all of them
  std::vector<Line> grid = {};         ///< through the body, at ticks
  std::vector<Line> marks = {};        ///< from an axis to its tick's text
  std::vector<Line> samples = {};      ///< of the legend, one a curve; none if there is no legend
};

/// No text overlaps another or is cut off.
LineLayout lay_out(const LineFigure& figure, TextSetter& setter);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_LINE_LAYOUT_H_
