// Pooling in one pass over the matrix as it lies; only the cells are allocated.
#include "clearhead/plot/pool.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "clearhead/base/ceil_div.h"
#include "clearhead/base/parallel.h"

namespace clearhead::plot {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// What is known of the values of one cell so far.
struct Cell {
  double max = -kInfinity;
  double extreme = 0;
  double sum = 0;
  std::int64_t count = 0;  // of values that are not masked
  bool any_nan = false;

  void add(double x) {
    any_nan |= std::isnan(x);
    if (x == -kInfinity) return;
    max = std::max(max, x);
    if (count == 0 || std::abs(x) > std::abs(extreme)) extreme = x;
    sum += x;
    ++count;
  }

  double result(Pool pool) const {
    if (any_nan) return std::numeric_limits<double>::quiet_NaN();
    if (count == 0) return -kInfinity;
    switch (pool) {
      case Pool::mean:
        return sum / static_cast<double>(count);
      case Pool::extreme:
        return extreme;
      case Pool::automatic:
      case Pool::max:
        break;
    }
    return max;
  }
};

// Calls f(row, column, value as f64) for rows [begin, end) of a matrix, converting a block of half
// a megabyte at a time.
template <typename F>
void for_each_value(const Tensor& matrix, std::int64_t begin, std::int64_t end, F&& f) {
  constexpr std::int64_t kBlock = 1 << 16;
  const std::int64_t width = std::min(matrix.size(1), kBlock);
  const std::int64_t height = std::max<std::int64_t>(1, kBlock / width);
  for (std::int64_t row = begin; row < end; row += height) {
    const Tensor rows = matrix.slice(0, row, std::min(row + height, end));
    for (std::int64_t column = 0; column < matrix.size(1); column += width) {
      const Tensor block = rows.slice(1, column, std::min(column + width, matrix.size(1)))
                               .to(DType::f64)
                               .contiguous();
      const double* value = block.data<double>();
      for (std::int64_t i = 0; i < block.size(0); ++i) {
        for (std::int64_t j = 0; j < block.size(1); ++j) f(row + i, column + j, *value++);
      }
    }
  }
}

}  // namespace

Statistics combine(const Statistics& x, const Statistics& y) {
  return {.low = std::min(x.low, y.low),
          .high = std::max(x.high, y.high),
          .low_positive = std::min(x.low_positive, y.low_positive),
          .any_masked = x.any_masked || y.any_masked,
          .any_nan = x.any_nan || y.any_nan,
          .any_infinite = x.any_infinite || y.any_infinite};
}

Statistics statistics(const Tensor& matrix) {
  const std::int64_t rows = matrix.size(0);
  const std::int64_t pieces = std::min<std::int64_t>(rows, 64);
  std::vector<Statistics> found(static_cast<std::size_t>(pieces));
  parallel_for(pieces, [&](std::int64_t piece) {
    Statistics seen;
    for_each_value(matrix, rows * piece / pieces, rows * (piece + 1) / pieces,
                   [&](std::int64_t, std::int64_t, double x) { seen.add(x); });
    found[piece] = seen;
  });
  Statistics all;
  for (const Statistics& piece : found) all = combine(all, piece);
  return all;
}

Grid pool_matrix(const Tensor& matrix, std::int64_t max_rows, std::int64_t max_columns, Pool pool) {
  Grid grid;
  grid.source_rows = matrix.size(0);
  grid.source_columns = matrix.size(1);
  grid.row_step = ceil_div(grid.source_rows, max_rows);
  grid.column_step = ceil_div(grid.source_columns, max_columns);
  grid.rows = ceil_div(grid.source_rows, grid.row_step);
  grid.columns = ceil_div(grid.source_columns, grid.column_step);
  grid.values.resize(static_cast<std::size_t>(grid.rows * grid.columns));
  parallel_for(grid.rows, [&](std::int64_t i) {
    std::vector<Cell> cells(static_cast<std::size_t>(grid.columns));
    for_each_value(matrix, i * grid.row_step, std::min((i + 1) * grid.row_step, grid.source_rows),
                   [&](std::int64_t, std::int64_t column, double x) {
                     cells[column / grid.column_step].add(x);
                   });
    for (std::int64_t j = 0; j < grid.columns; ++j) {
      grid.values[i * grid.columns + j] = cells[j].result(pool);
    }
  });
  return grid;
}

}  // namespace clearhead::plot
