// The one description of a heatmap figure; every renderer (SVG, PNG, PDF, HTML, terminal) draws
// from it.
#ifndef CLEARHEAD_PLOT_HEATMAP_H_
#define CLEARHEAD_PLOT_HEATMAP_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "clearhead/tensor/tensor.h"

namespace clearhead::plot {

/// How values map to positions on the colour bar.
enum class Scale { linear, log };

/// The colours, from the lowest value to the highest.
enum class ColorMap {
  automatic,         ///< blue_to_red if values have both signs, else violet_to_yellow
  violet_to_yellow,  ///< many hues, dark to light
  blue_to_yellow,    ///< the two hues that every eye tells apart, dark to light
  blue_to_red,       ///< diverging: blue below zero, white at zero, red above
};

/// What a cell shows when a matrix has more values than the figure has cells.
enum class Pool {
  automatic,  ///< extreme if values have both signs, else max
  max,        ///< the greatest value
  mean,       ///< the mean of the values that are not masked (−∞)
  extreme,    ///< the value farthest from zero, with its sign
};

/// Their names as users type them ("violet-to-yellow").
const std::map<std::string, Scale>& scale_names();
/// Those of colours.
const std::map<std::string, ColorMap>& color_map_names();
/// Those of pooling.
const std::map<std::string, Pool>& pool_names();

/// The values at the two ends of the colour bar.
struct Range {
  double low = 0;   ///< at the dark or blue end
  double high = 1;  ///< at the other
};

/// The numbers of rows or columns without names: item i has the number first + i·unit, and stands
/// for everything up to the next.
struct AxisNumbers {
  std::int64_t first = 0;  ///< of item 0
  std::int64_t unit = 1;   ///< from one item to the next

  bool operator==(const AxisNumbers&) const = default;
};

/// One matrix, such as the pattern of one head.
struct Panel {
  std::string title = {};                       ///< above it
  Tensor values = {};                           ///< [rows, columns], any type
  std::vector<std::string> row_labels = {};     ///< one a row, top first; none means numbers
  std::vector<std::string> column_labels = {};  ///< one a column; none means numbers
  AxisNumbers row_numbers = {};                 ///< where rows have no labels
  AxisNumbers column_numbers = {};              ///< likewise
};

/// The most panels of a figure.
inline constexpr std::size_t kMostPanels = 256;

/// A figure of one or several matrices that share a colour bar. Text is UTF-8 of any script; other
/// bytes and control characters are shown visibly. Values may be −∞ (masked), NaN and +∞: each is
/// drawn unlike any number and named in a legend.
struct Heatmap {
  std::string title = {};                    ///< above all
  std::vector<Panel> panels = {};            ///< in reading order
  std::string row_title = {};                ///< what rows are, such as "queries"
  std::string column_title = {};             ///< what columns are, such as "keys"
  std::string value_title = {};              ///< what values are, such as "attention weight"
  Scale scale = Scale::linear;               ///< from values to colours
  ColorMap color_map = ColorMap::automatic;  ///< the colours
  Pool pool = Pool::automatic;               ///< of values that share a cell
  std::optional<Range> range = {};           ///< left out: from the values drawn
  int panel_columns = 0;  ///< panels side by side, at most; 0: what suits the page

  /// Throws Error, naming the panel, unless there are 1 to 256 panels, each is a matrix with at
  /// least one value and as many labels as rows and columns (or none), the range ascends, a log
  /// scale has only values ≥ 0, and panel_columns ≥ 0.
  void validate() const;
};

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_HEATMAP_H_
