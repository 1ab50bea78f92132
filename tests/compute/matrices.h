// Matrices of random numbers, and what products of them give, calculated in f64.
#ifndef CLEARHEAD_TESTS_COMPUTE_MATRICES_H_
#define CLEARHEAD_TESTS_COMPUTE_MATRICES_H_

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "clearhead/base/matrix_view.h"
#include "clearhead/base/parallel.h"
#include "clearhead/base/random.h"

namespace clearhead::testing {

/// A dense matrix, or the transpose of one.
template <typename T>
struct Matrix {
  std::int64_t rows, columns;
  bool transposed;
  std::vector<T> numbers;

  Matrix(std::int64_t rows, std::int64_t columns, std::uint64_t stream, bool transposed = false)
      : rows(rows), columns(columns), transposed(transposed) {
    Random random(11, stream);
    for (std::int64_t i = 0; i < rows * columns; ++i) {
      numbers.push_back(static_cast<T>(static_cast<float>(random.normal())));
    }
  }

  MatrixView<T> view() {
    return transposed ? MatrixView<T>(numbers.data(), columns, rows).transposed()
                      : MatrixView<T>(numbers.data(), rows, columns);
  }
  MatrixView<const T> view() const { return const_cast<Matrix*>(this)->view(); }
};

template <typename T>
double as_double(T x) {
  return static_cast<double>(
      static_cast<std::conditional_t<std::is_same_v<T, double>, T, float>>(x));
}

/// Expects c = before + a·b to `each` of the sizes of what is summed.
template <typename T, typename B>
void expect_product(MatrixView<const T> a, MatrixView<const B> b, MatrixView<const T> c,
                    MatrixView<const T> before, double each) {
  for (std::int64_t i = 0; i < c.rows; ++i) {
    for (std::int64_t j = 0; j < c.columns; ++j) {
      double sum = as_double(before.at(i, j)), size = std::abs(sum);
      for (std::int64_t k = 0; k < a.columns; ++k) {
        const double product = as_double(a.at(i, k)) * as_double(b.at(k, j));
        sum += product;
        size += std::abs(product);
      }
      ASSERT_NEAR(as_double(c.at(i, j)), sum, each * size) << i << ", " << j;
    }
  }
}

/// Runs a test with another number of threads.
class Threads {
 public:
  explicit Threads(int count) { set_thread_count(count); }
  ~Threads() { set_thread_count(0); }
};

}  // namespace clearhead::testing

#endif  // CLEARHEAD_TESTS_COMPUTE_MATRICES_H_
