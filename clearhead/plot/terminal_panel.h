// One panel of a heatmap as lines of a terminal.
#ifndef CLEARHEAD_PLOT_TERMINAL_PANEL_H_
#define CLEARHEAD_PLOT_TERMINAL_PANEL_H_

#include <algorithm>
#include <string>
#include <vector>

#include "clearhead/plot/cell_numbers.h"
#include "clearhead/plot/figure.h"
#include "clearhead/plot/terminal.h"
#include "clearhead/plot/terminal_line.h"

namespace clearhead::plot {

/// How cells are shown; the first shows a reader most.
enum class CellStyle {
  numbers,  ///< as text, one line a row
  wide,     ///< two characters, about a square, one line a row
  narrow,   ///< one character; in colour, half of its height, so that a line holds two rows
};

/// What the panels of a figure have in common.
struct TerminalPlan {
  CellStyle style = CellStyle::narrow;   ///< of all cells
  NumberFormat format = {};              ///< of numbers
  bool has_labels = true;                ///< of rows and columns
  int label_width = 0;                   ///< room for the labels of rows
  int cell_width = 1;                    ///< characters a column of cells takes
  int least_width = 0;                   ///< of a panel, so that its title has room
  int gap = 2;                           ///< between panels
  ColorDepth colors = ColorDepth::none;  ///< of the terminal

  /// Rows of cells in a line of text.
  int rows_per_line() const {
    return style == CellStyle::narrow && colors != ColorDepth::none ? 2 : 1;
  }
  /// Before the cells: the labels and a blank.
  int margin() const { return has_labels ? label_width + 1 : 0; }
  /// Characters that a panel takes, with its labels.
  int panel_width(const FigurePanel& panel) const {
    return std::max(least_width, margin() + cell_width * static_cast<int>(panel.grid.columns));
  }
  /// For a panel to the right of another, whose labels serve for both if the axes are the same.
  TerminalPlan beside(const Figure& figure) const {
    TerminalPlan plan = *this;
    if (figure.shares_axes()) plan.label_width = 0;
    return plan;
  }
};

/// The plan for `style`, with labels of rows at most `most_label` wide.
TerminalPlan plan_terminal(const Figure& figure, CellStyle style, const NumberFormat& format,
                           int most_label, ColorDepth colors);

/// The labels of the columns, then the cells with the labels of the rows.
std::vector<TerminalLine> panel_lines(const FigurePanel& panel, const ColorScale& scale,
                                      const TerminalPlan& plan);

/// The characters that stand for values where there is no colour, lowest first.
std::string_view ramp(const ColorScale& scale);
/// The one at a position of the colour bar.
char ramp_character(const ColorScale& scale, double position);

/// The character for −∞, NaN and +∞ in cells that show no numbers.
std::string special_character(double value);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_TERMINAL_PANEL_H_
