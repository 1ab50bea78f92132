// Pools matrices of attention a band of rows at a time.
#include "apps/console/attention_panel.h"

#include <fmt/format.h>

#include <algorithm>

#include "clearhead/base/ceil_div.h"
#include "clearhead/plot/pool.h"

namespace clearhead::console {
namespace {

constexpr std::int64_t kWholeNumbers = 1 << 26;  // of all matrices of a figure: 512 MiB
constexpr std::int64_t kCells = 512;             // a side at most, else: what a figure has

}  // namespace

PanelCells PanelCells::of(std::int64_t count, std::int64_t queries, std::int64_t keys) {
  if (count * queries <= kWholeNumbers / std::max<std::int64_t>(keys, 1)) return {};
  return fewest(queries, keys);
}

PanelCells PanelCells::fewest(std::int64_t queries, std::int64_t keys) {
  return {ceil_div(queries, kCells), ceil_div(keys, kCells)};
}

std::string PanelCells::words(plot::Pool pool) const {
  if (is_whole()) return "";
  return fmt::format("each value the {} of {} × {} weights",
                     pool == plot::Pool::mean  ? "mean"
                     : pool == plot::Pool::max ? "largest"
                                               : "farthest from 0",
                     rows, columns);
}

plot::Panel attention_panel(const WeightMatrix& weights, const PanelCells& cells, plot::Pool pool,
                            const std::vector<std::string>& queries,
                            const std::vector<std::string>& keys) {
  plot::Panel panel;
  if (cells.is_whole()) {
    panel.values = weights.whole();
    panel.row_labels = queries;
    panel.column_labels = keys;
    return panel;
  }
  panel.row_numbers.unit = cells.rows;
  panel.column_numbers.unit = cells.columns;
  if (pool == plot::Pool::automatic) pool = plot::Pool::extreme;
  const std::int64_t T = weights.queries();
  const std::int64_t rows = ceil_div(T, cells.rows);
  const std::int64_t columns = ceil_div(weights.keys(), cells.columns);
  panel.values = Tensor({rows, columns}, DType::f64);
  for (std::int64_t i = 0; i < rows; ++i) {
    const Tensor band = weights.rows(i * cells.rows, std::min(T, (i + 1) * cells.rows));
    const plot::Grid grid = plot::pool_matrix(band, 1, columns, pool);
    std::copy(grid.values.begin(), grid.values.end(),
              panel.values.mutable_data<double>() + i * columns);
  }
  return panel;
}

}  // namespace clearhead::console
