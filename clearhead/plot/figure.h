// A heatmap made ready to draw: matrices pooled into as many cells as there is room for, text made
// visible, the colour scale chosen. Every renderer starts from this.
#ifndef CLEARHEAD_PLOT_FIGURE_H_
#define CLEARHEAD_PLOT_FIGURE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "clearhead/plot/color_scale.h"
#include "clearhead/plot/heatmap.h"
#include "clearhead/plot/pool.h"

namespace clearhead::plot {

/// The names along one side of a matrix.
struct Axis {
  std::int64_t count = 0;           ///< of source rows (or columns)
  std::int64_t step = 1;            ///< how many share a cell
  std::vector<std::string> labels;  ///< visible text, one each; none means their numbers
  AxisNumbers numbers = {};         ///< where there are no labels

  bool operator==(const Axis&) const = default;
  /// What item `index` is called.
  std::string label(std::int64_t index) const;
  /// Whether the labels are single characters, which can stand side by side like a text.
  bool has_letters() const;
  /// Where item `index` lies, in cells: the centre of a whole cell is at …5.
  double position(std::int64_t index) const;
};

/// One matrix, ready to be drawn.
struct FigurePanel {
  std::string title;  ///< visible text
  Grid grid;          ///< its cells
  Axis rows;          ///< their names
  Axis columns;       ///< likewise
};

/// A heatmap, ready to be drawn: validated, pooled, its colours chosen.
struct Figure {
  std::string title;                ///< visible text, as those below
  std::string row_title;            ///< what rows are
  std::string column_title;         ///< what columns are
  std::string value_title;          ///< what values are
  std::vector<FigurePanel> panels;  ///< in their order
  int panel_columns;                ///< side by side, at most; 0: what suits the page
  ColorScale scale;                 ///< of all panels
  Statistics drawn;                 ///< of all cells
  std::vector<std::string> notes;   ///< what a reader must know: pooling, values beyond the range

  /// All panels have the same axes, so that the labels of one serve its neighbours.
  bool shares_axes() const;
};

/// Validates `heatmap` and prepares each panel in at most `max_rows` × `max_columns` cells. Throws
/// Error as `validate` does.
Figure prepare_figure(const Heatmap& heatmap, std::int64_t max_rows, std::int64_t max_columns);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_FIGURE_H_
