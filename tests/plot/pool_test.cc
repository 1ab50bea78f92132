// Pooling gives what a naive walk over each cell's values gives, for every type and layout.
#include "clearhead/plot/pool.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "clearhead/base/parallel.h"
#include "clearhead/base/random.h"
#include "tests/plot/figures.h"

namespace clearhead::plot {
namespace {

double naive_cell(const Tensor& matrix, const Grid& grid, std::int64_t i, std::int64_t j,
                  Pool pool) {
  std::vector<double> values;
  for (std::int64_t r = i * grid.row_step; r < (i + 1) * grid.row_step; ++r) {
    for (std::int64_t c = j * grid.column_step; c < (j + 1) * grid.column_step; ++c) {
      if (r < matrix.size(0) && c < matrix.size(1)) values.push_back(matrix.at({r, c}));
    }
  }
  double sum = 0, best = -kInfinity;
  int count = 0;
  for (const double x : values) {
    if (std::isnan(x)) return kNan;
    if (x == -kInfinity) continue;
    const bool better =
        pool == Pool::extreme ? count == 0 || std::abs(x) > std::abs(best) : x > best;
    if (better) best = x;
    sum += x;
    ++count;
  }
  if (count == 0) return -kInfinity;
  return pool == Pool::mean ? sum / count : best;
}

void expect_naive(const Tensor& matrix, const Grid& grid, Pool pool) {
  for (std::int64_t i = 0; i < grid.rows; ++i) {
    for (std::int64_t j = 0; j < grid.columns; ++j) {
      const double wanted = naive_cell(matrix, grid, i, j, pool);
      if (std::isnan(wanted)) {
        ASSERT_TRUE(std::isnan(grid.at(i, j)));
      } else {
        // The same additions in the same order: the same bits.
        ASSERT_EQ(grid.at(i, j), wanted) << i << ", " << j;
      }
    }
  }
}

TEST(Pool, IsExactForRandomShapesAndSpecialValues) {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    const std::int64_t rows = 1 + random.below(40), columns = 1 + random.below(40);
    Tensor matrix = random_matrix(rows, columns, 1000 + round);
    for (std::int64_t i = 0; i < matrix.count(); ++i) {
      const std::int64_t dice = random.below(40);
      if (dice == 0) matrix.mutable_data<double>()[i] = kNan;
      if (dice == 1) matrix.mutable_data<double>()[i] = kInfinity;
      if (dice > 30) matrix.mutable_data<double>()[i] = -kInfinity;
    }
    const std::int64_t most_rows = 1 + random.below(45), most_columns = 1 + random.below(45);
    for (const Pool pool : {Pool::max, Pool::mean, Pool::extreme}) {
      const Grid grid = pool_matrix(matrix, most_rows, most_columns, pool);
      ASSERT_LE(grid.rows, most_rows);
      ASSERT_LE(grid.columns, most_columns);
      // The smallest steps that fit.
      ASSERT_TRUE(grid.row_step == 1 ||
                  (rows + grid.row_step - 2) / (grid.row_step - 1) > most_rows);
      expect_naive(matrix, grid, pool);
    }
  }
}

TEST(Pool, ReadsEveryTypeAndLayout) {
  const Tensor numbers = random_matrix(30, 20, 3);
  for (const DType dtype :
       {DType::f32, DType::f64, DType::f16, DType::bf16, DType::i64, DType::boolean}) {
    const Tensor matrix = numbers.to(dtype);
    for (const Tensor& view : {matrix, matrix.transpose(0, 1), matrix.slice(1, 3, 17)}) {
      expect_naive(view, pool_matrix(view, 7, 5, Pool::max), Pool::max);
    }
  }
}

TEST(Pool, LeavesAMatrixThatFitsAsItIs) {
  const Tensor matrix = random_matrix(9, 11, 5);
  const Grid grid = pool_matrix(matrix, 9, 11, Pool::mean);
  EXPECT_FALSE(grid.is_pooled());
  for (std::int64_t i = 0; i < matrix.count(); ++i) {
    EXPECT_EQ(grid.values[i], matrix.data<double>()[i]);
  }
}

// One row longer than the block that is converted at a time.
TEST(Pool, CrossesBlocks) {
  const Tensor matrix = random_matrix(1, 200'000, 6);
  expect_naive(matrix, pool_matrix(matrix, 1, 7, Pool::max), Pool::max);
  expect_naive(matrix, pool_matrix(matrix, 1, 7, Pool::mean), Pool::mean);
}

TEST(Pool, DoesNotDependOnThreads) {
  const Tensor matrix = random_matrix(500, 300, 8);
  set_thread_count(1);
  const Grid one = pool_matrix(matrix, 40, 40, Pool::mean);
  set_thread_count(2);
  const Grid two = pool_matrix(matrix, 40, 40, Pool::mean);
  set_thread_count(0);
  EXPECT_EQ(one.values, two.values);
}

TEST(Statistics, TellWhatThereIs) {
  Tensor matrix = random_matrix(100, 3, 9);
  Statistics seen = statistics(matrix);
  EXPECT_TRUE(seen.any_finite());
  EXPECT_TRUE(seen.both_signs());
  EXPECT_FALSE(seen.any_nan || seen.any_masked || seen.any_infinite);
  matrix.mutable_data<double>()[0] = 1e9;
  matrix.mutable_data<double>()[299] = -1e9;
  matrix.mutable_data<double>()[7] = 1e-9;
  matrix.mutable_data<double>()[8] = kNan;
  matrix.mutable_data<double>()[9] = -kInfinity;
  matrix.mutable_data<double>()[10] = kInfinity;
  seen = statistics(matrix);
  EXPECT_EQ(seen.low, -1e9);
  EXPECT_EQ(seen.high, 1e9);
  EXPECT_EQ(seen.low_positive, 1e-9);
  EXPECT_TRUE(seen.any_nan && seen.any_masked && seen.any_infinite);
  EXPECT_FALSE(Statistics{}.any_finite());
}

}  // namespace
}  // namespace clearhead::plot
