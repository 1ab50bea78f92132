// The product of few rows agrees with the sum in f64 on every target, for every number of rows,
// sizes around the vectors, both types of b and the orders in which it may be stored.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "clearhead/base/random.h"
#include "clearhead/kernels/products/few_rows_simd.h"
#include "targets.h"

namespace clearhead::kernels {
namespace {

using simd::kFewRows;

constexpr float kUntouched = 12345;

template <typename T>
std::vector<T> numbers(std::int64_t count, std::uint64_t stream) {
  Random random(3, stream);
  std::vector<T> all;
  for (std::int64_t i = 0; i < count; ++i) {
    all.push_back(static_cast<T>(static_cast<float>(random.normal())));
  }
  return all;
}

// b [K, columns] stored column after column, or row after row; either lie 2 numbers further apart
// than they are long.
template <typename T>
MatrixView<const T> view_of(const std::vector<T>& b, std::int64_t K, std::int64_t columns,
                            bool by_columns) {
  return by_columns ? MatrixView<const T>(b.data(), K, columns, 1, K + 2)
                    : MatrixView<const T>(b.data(), K, columns, columns + 2, 1);
}

// Rows of each lie a few numbers further apart than they are long, which are nobody's.
template <typename T>
void expect_product(std::int64_t rows, std::int64_t columns, std::int64_t K, bool by_columns,
                    bool accumulate) {
  SCOPED_TRACE(::testing::Message()
               << rows << "×" << K << "·" << K << "×" << columns << " by columns " << by_columns
               << " accumulate " << accumulate);
  const std::int64_t lda = K + 1, ldc = columns + 3;
  const auto a = numbers<float>(rows * lda, 1);
  const auto stored = numbers<T>((columns + 2) * (K + 2), 2);
  const MatrixView<const T> b = view_of(stored, K, columns, by_columns);
  std::vector<float> c(static_cast<std::size_t>(rows * ldc), kUntouched);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) c[static_cast<std::size_t>(i * ldc + j)] = 2;
  }
  simd::few_rows({a.data(), rows, K, lda}, b, {c.data(), rows, columns, ldc}, accumulate);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      double expected = accumulate ? 2 : 0;
      double size = expected;
      for (std::int64_t k = 0; k < K; ++k) {
        const double x = static_cast<double>(a[static_cast<std::size_t>(i * lda + k)]) *
                         static_cast<double>(static_cast<float>(b.at(k, j)));
        expected += x;
        size += std::abs(x);
      }
      // Each of K products and sums rounds once.
      ASSERT_NEAR(static_cast<double>(c[static_cast<std::size_t>(i * ldc + j)]), expected,
                  0x1p-23 * static_cast<double>(K + 1) * size);
    }
    for (std::int64_t j = columns; j < ldc; ++j) {
      ASSERT_EQ(c[static_cast<std::size_t>(i * ldc + j)], kUntouched);
    }
  }
}

TEST(FewRows, EveryNumberOfRowsAndDepth) {
  testing::for_each_target([] {
    for (std::int64_t rows = 1; rows <= kFewRows; ++rows) {
      for (const std::int64_t K : {0, 1, 2, 15, 16, 17, 31, 32, 33, 47, 64, 100, 384, 1700}) {
        for (const bool accumulate : {false, true}) {
          expect_product<float>(rows, 5, K, true, accumulate);
          expect_product<bf16>(rows, 5, K, true, accumulate);
        }
      }
      for (const std::int64_t columns : {1, 4, 15, 16, 17, 100, 700}) {
        for (const std::int64_t K : {0, 1, 33}) {
          expect_product<float>(rows, columns, K, false, K == 1);
        }
      }
    }
  });
}

// What a caller may rely on who divides c among threads, or reads several rows at once.
TEST(FewRows, AnElementDependsOnItsRows) {
  testing::for_each_target([] {
    for (const bool by_columns : {false, true}) {
      const std::int64_t K = 877, columns = 39;
      const auto a = numbers<float>(kFewRows * K, 1), stored = numbers<float>(41 * 879, 2);
      std::vector<float> whole(kFewRows * columns), single(kFewRows * columns);
      const MatrixView<const float> all_a(a.data(), kFewRows, K);
      const MatrixView<const float> all_b = view_of(stored, K, columns, by_columns);
      const MatrixView<float> c(single.data(), kFewRows, columns);
      simd::few_rows(all_a, all_b, {whole.data(), kFewRows, columns}, false);
      for (std::int64_t i = 0; i < kFewRows; ++i) {
        for (std::int64_t j = 0; j < columns; ++j) {
          simd::few_rows(all_a.part(i, 0, 1, K), all_b.part(0, j, K, 1), c.part(i, j, 1, 1), false);
        }
      }
      EXPECT_EQ(single, whole) << "by columns " << by_columns;
    }
  });
}

}  // namespace
}  // namespace clearhead::kernels
