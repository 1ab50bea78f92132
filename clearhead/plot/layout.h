// Where everything of a figure stands on the page, in points from its upper left corner.
#ifndef CLEARHEAD_PLOT_LAYOUT_H_
#define CLEARHEAD_PLOT_LAYOUT_H_

#include <string>
#include <vector>

#include "clearhead/plot/figure.h"
#include "clearhead/plot/text.h"

namespace clearhead::plot {

/// A rectangle, in points; y grows downwards.
struct Rect {
  double x = 0;       ///< left
  double y = 0;       ///< top
  double width = 0;   ///< to the right
  double height = 0;  ///< downwards

  /// Its right edge.
  double right() const { return x + width; }
  /// Its lower edge.
  double bottom() const { return y + height; }
};

/// A line of text: its baseline starts at (x, y). `ink` is the box around its ink.
struct PlacedText {
  std::string text = {};  ///< UTF-8
  TextStyle style = {};   ///< how it is set
  double max_width = 0;   ///< beyond it the end becomes "…"; 0: no limit
  double x = 0;           ///< of the start of the baseline
  double y = 0;           ///< likewise
  bool vertical = false;  ///< reads upwards
  Rect ink = {};          ///< what it blackens
};

/// Draws it where it stands.
void draw_text(cairo_t* cairo, TextSetter& setter, const PlacedText& text);

/// From (x1, y1) to (x2, y2), in points.
struct Line {
  double x1 = 0, y1 = 0, x2 = 0, y2 = 0;  ///< its ends
};

/// The cells of one panel.
struct PanelLayout {
  Rect body = {};            ///< around its cells
  double cell_width = 0;     ///< in points
  double cell_height = 0;    ///< in points
  bool separated = false;    ///< thin gaps between cells
  bool marks_signs = false;  ///< a dash in each cell below zero
  /// The numbers to write into the cells; none unless all fit.
  std::vector<PlacedText> numbers = {};
};

/// The values that are not numbers.
enum class Special { masked, nan, infinite };

/// A box of the legend.
struct Swatch {
  Rect box;      ///< where
  Special kind;  ///< what it stands for
};

/// Where everything of a heatmap stands, in points.
struct Layout {
  double width = 0;                 ///< of the page
  double height = 0;                ///< of the page
  std::vector<PanelLayout> panels;  ///< in the order of the figure's
  std::vector<PlacedText> texts;    ///< all but the numbers in cells
  std::vector<Line> marks;          ///< small lines from an axis to its label
  Rect bar;                         ///< the colour bar; lowest value at its left or bottom
  bool bar_is_vertical = true;      ///< beside the panels, or below them
  std::vector<Swatch> swatches;     ///< of the legend
};

/// Lays out `figure`, made within `cell_limit`. No text overlaps another or is cut off.
Layout lay_out(const Figure& figure, TextSetter& setter);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_LAYOUT_H_
