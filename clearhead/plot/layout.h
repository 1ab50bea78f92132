// Where everything of a figure stands on the page, in points from its upper left corner.
#ifndef CLEARHEAD_PLOT_LAYOUT_H_
#define CLEARHEAD_PLOT_LAYOUT_H_

#include <string>
#include <vector>

#include "clearhead/plot/figure.h"
#include "clearhead/plot/text.h"

namespace clearhead::plot {

struct Rect {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;

  double right() const { return x + width; }
  double bottom() const { return y + height; }
};

/// A line of text: its baseline starts at (x, y). `ink` is the box around its ink.
struct PlacedText {
  std::string text = {};
  TextStyle style = {};
  double max_width = 0;  ///< beyond it the end becomes "…"; 0: no limit
  double x = 0;
  double y = 0;
  bool vertical = false;  ///< reads upwards
  Rect ink = {};
};

/// Draws it where it stands.
void draw_text(cairo_t* cairo, TextSetter& setter, const PlacedText& text);

struct Line {
  double x1 = 0, y1 = 0, x2 = 0, y2 = 0;
};

/// The cells of one panel.
struct PanelLayout {
  Rect body = {};
  double cell_width = 0;
  double cell_height = 0;
  bool separated = false;    ///< thin gaps between cells
  bool marks_signs = false;  ///< a dash in each cell below zero
  /// The numbers to write into the cells; none unless all fit.
  std::vector<PlacedText> numbers = {};
};

/// The values that are not numbers.
enum class Special { masked, nan, infinite };

struct Swatch {
  Rect box;
  Special kind;
};

struct Layout {
  double width = 0;
  double height = 0;
  std::vector<PanelLayout> panels;
  std::vector<PlacedText> texts;  ///< all but the numbers in cells
  std::vector<Line> marks;        ///< small lines from an axis to its label
  Rect bar;                       ///< the colour bar; lowest value at its left or bottom
  bool bar_is_vertical = true;
  std::vector<Swatch> swatches;
};

/// Lays out `figure`, made within `cell_limit`. No text overlaps another or is cut off.
Layout lay_out(const Figure& figure, TextSetter& setter);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_LAYOUT_H_
