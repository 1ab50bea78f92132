// A matrix reduced to as many cells as a figure has room for.
#ifndef CLEARHEAD_PLOT_POOL_H_
#define CLEARHEAD_PLOT_POOL_H_

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "clearhead/plot/heatmap.h"
#include "clearhead/tensor/tensor.h"

namespace clearhead::plot {

/// Which values a matrix has. `low` and `high` are the least and greatest finite one (low > high if
/// there is none); `low_positive` is the least above zero (infinite if there is none).
struct Statistics {
  double low = std::numeric_limits<double>::infinity();           ///< the least finite value
  double high = -std::numeric_limits<double>::infinity();         ///< the greatest
  double low_positive = std::numeric_limits<double>::infinity();  ///< the least above zero
  bool any_masked = false;                                        ///< −∞
  bool any_nan = false;                                           ///< NaN
  bool any_infinite = false;                                      ///< +∞

  /// Whether there is a finite value.
  bool any_finite() const { return low <= high; }
  /// Whether there are values below and above zero.
  bool both_signs() const { return low < 0 && high > 0; }
  /// One value more.
  void add(double x);
};

/// Of all values of a matrix.
Statistics statistics(const Tensor& matrix);
/// Of two matrices together.
Statistics combine(const Statistics& x, const Statistics& y);

/// The cells of a figure: cell (i, j) stands for rows [i·row_step, (i+1)·row_step) and the columns
/// likewise; the last ones may stand for fewer.
struct Grid {
  std::int64_t rows = 0;            ///< of cells
  std::int64_t columns = 0;         ///< of cells
  std::int64_t row_step = 1;        ///< rows of the matrix that share a cell
  std::int64_t column_step = 1;     ///< columns likewise
  std::int64_t source_rows = 0;     ///< of the matrix
  std::int64_t source_columns = 0;  ///< of the matrix
  std::vector<double> values;       ///< [rows, columns]

  /// What a cell shows.
  double at(std::int64_t row, std::int64_t column) const { return values[row * columns + column]; }
  /// Whether a cell stands for several values.
  bool is_pooled() const { return row_step > 1 || column_step > 1; }
};

/// `matrix` in at most `max_rows` × `max_columns` cells, with the smallest steps that fit; `pool`
/// is not automatic. Within a cell a NaN wins over everything, so that none is ever hidden; masked
/// values (−∞) count only where there is no other. The result does not depend on the number of
/// threads.
Grid pool_matrix(const Tensor& matrix, std::int64_t max_rows, std::int64_t max_columns, Pool pool);

inline void Statistics::add(double x) {
  if (std::isfinite(x)) {
    if (x < low) low = x;
    if (x > high) high = x;
    if (x > 0 && x < low_positive) low_positive = x;
  } else if (std::isnan(x)) {
    any_nan = true;
  } else {
    (x < 0 ? any_masked : any_infinite) = true;
  }
}

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_POOL_H_
