// The matrix product agrees with the triple loop for every form of its operands, and each element
// depends on its row and column alone.
#include "clearhead/kernels/products/matmul_scalar.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "clearhead/base/random.h"

namespace clearhead {
namespace {

constexpr double kUntouched = 12345;

// A matrix with `gap` elements between its rows, which nobody may touch.
template <typename T>
struct Stored {
  std::int64_t rows, columns, stride;
  std::vector<T> data;

  Stored(std::int64_t rows_, std::int64_t columns_, std::uint64_t stream, std::int64_t gap = 3)
      : rows(rows_),
        columns(columns_),
        stride(columns_ + gap),
        data(static_cast<std::size_t>(rows_ * stride), static_cast<T>(kUntouched)) {
    Random random(7, stream);
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < columns; ++j) at(i, j) = static_cast<T>(random.normal());
    }
  }
  MatrixView<T> view() { return {data.data(), rows, columns, stride}; }
  T& at(std::int64_t i, std::int64_t j) { return view().at(i, j); }
};

template <typename T>
void expect_product(std::int64_t M, std::int64_t N, std::int64_t K, bool transpose_a,
                    bool transpose_b, bool accumulate) {
  SCOPED_TRACE(testing::Message() << M << "×" << K << "·" << K << "×" << N << " transpose_a "
                                  << transpose_a << " transpose_b " << transpose_b << " accumulate "
                                  << accumulate << " bytes " << sizeof(T));
  Stored<T> a(transpose_a ? K : M, transpose_a ? M : K, 1);
  Stored<T> b(transpose_b ? N : K, transpose_b ? K : N, 2);
  Stored<T> c(M, N, 3);
  Stored<T> before = c;
  const MatrixView<const T> a_meant = transpose_a ? a.view().transposed() : a.view();
  const MatrixView<const T> b_meant = transpose_b ? b.view().transposed() : b.view();
  kernels::scalar::matmul(a_meant, b_meant, c.view(), accumulate);
  // Each of K products and sums rounds once: at most K·eps of the sum of their sizes.
  const double epsilon = std::numeric_limits<T>::epsilon();
  for (std::int64_t i = 0; i < M; ++i) {
    for (std::int64_t j = 0; j < N; ++j) {
      double expected = accumulate ? static_cast<double>(before.at(i, j)) : 0;
      double size = std::abs(expected);
      for (std::int64_t k = 0; k < K; ++k) {
        const double x = static_cast<double>(a_meant.at(i, k));
        const double y = static_cast<double>(b_meant.at(k, j));
        expected += x * y;
        size += std::abs(x * y);
      }
      ASSERT_NEAR(static_cast<double>(c.at(i, j)), expected,
                  static_cast<double>(K + 2) * epsilon * size)
          << i << ", " << j;
    }
    for (std::int64_t j = N; j < c.stride; ++j) {
      ASSERT_EQ(static_cast<double>(c.at(i, j)), kUntouched) << "past the row " << i;
    }
  }
}

template <typename T>
void expect_product_in_every_form(std::int64_t M, std::int64_t N, std::int64_t K) {
  for (int form = 0; form < 8; ++form) {
    expect_product<T>(M, N, K, (form & 1) != 0, (form & 2) != 0, (form & 4) != 0);
  }
}

// Tiles are 2 rows by 16 columns: all sizes up to twice that and one more.
TEST(MatmulScalar, AllSmallSizes) {
  for (std::int64_t M = 0; M <= 5; ++M) {
    for (std::int64_t N = 0; N <= 33; ++N) {
      for (const std::int64_t K : {0, 1, 2, 7}) {
        expect_product_in_every_form<float>(M, N, K);
        expect_product_in_every_form<double>(M, N, K);
      }
    }
  }
}

// Slices are 128 rows and 256 deep: sizes just before, at and past their ends.
TEST(MatmulScalar, AroundTheEndsOfSlices) {
  for (const std::int64_t K : {255, 256, 257, 513}) {
    expect_product_in_every_form<float>(3, 17, K);
    expect_product_in_every_form<double>(3, 17, K);
  }
  for (const std::int64_t M : {127, 128, 129, 257}) {
    expect_product_in_every_form<float>(M, 17, 5);
  }
}

// Whether an element is calculated in the middle of a large product or in a small one of its own:
// the same bits.
TEST(MatmulScalar, AnElementDoesNotDependOnItsNeighbours) {
  constexpr std::int64_t M = 131, N = 37, K = 300;
  Stored<float> a(M, K, 1), b(K, N, 2), whole(M, N, 3);
  kernels::scalar::matmul<float>(a.view(), b.view(), whole.view(), false);
  for (std::int64_t i = 0; i < M; i += 10) {
    for (std::int64_t j = 0; j < N; j += 3) {
      float alone = 0;
      kernels::scalar::matmul<float>(a.view().part(i, 0, 1, K), b.view().part(0, j, K, 1),
                                     {&alone, 1, 1}, false);
      ASSERT_EQ(alone, whole.at(i, j)) << i << ", " << j;
    }
  }
}

TEST(MatmulScalar, ANanStaysInItsRowAndColumn) {
  constexpr std::int64_t n = 20;
  Stored<double> a(n, n, 1), b(n, n, 2), c(n, n, 3);
  a.at(4, 7) = std::numeric_limits<double>::quiet_NaN();
  b.at(9, 11) = std::numeric_limits<double>::infinity();
  kernels::scalar::matmul<double>(a.view(), b.view(), c.view(), false);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      EXPECT_EQ(std::isfinite(c.at(i, j)), i != 4 && j != 11) << i << ", " << j;
    }
  }
}

}  // namespace
}  // namespace clearhead
