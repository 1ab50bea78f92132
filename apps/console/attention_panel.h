// Matrices of attention as panels of figures, whatever their length.
#ifndef CLEARHEAD_APPS_CONSOLE_ATTENTION_PANEL_H_
#define CLEARHEAD_APPS_CONSOLE_ATTENTION_PANEL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "clearhead/lens/weight_matrix.h"
#include "clearhead/plot/heatmap.h"

namespace clearhead::console {

/// How the matrices of a figure become panels: whole, or if they are too large to be held as cells,
/// of which each stands for several queries and keys.
struct PanelCells {
  std::int64_t rows = 1, columns = 1;  ///< queries and keys that share a cell

  /// For `count` matrices [queries, keys].
  static PanelCells of(std::int64_t count, std::int64_t queries, std::int64_t keys);
  /// For as many cells as figures draw, or all numbers if there are fewer.
  static PanelCells fewest(std::int64_t queries, std::int64_t keys);

  bool is_whole() const { return rows == 1 && columns == 1; }
  /// "each value the largest of 40 × 40 weights"; "" if panels are whole.
  std::string words(plot::Pool pool) const;
};

/// The panel of a matrix, with the names of its queries and keys if it is whole; else with the
/// places where cells begin. `pool` as for figures; rows are calculated a cell's at a time.
plot::Panel attention_panel(const WeightMatrix& weights, const PanelCells& cells, plot::Pool pool,
                            const std::vector<std::string>& queries,
                            const std::vector<std::string>& keys);

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_ATTENTION_PANEL_H_
