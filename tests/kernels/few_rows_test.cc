// The product of few rows agrees with the sum in f64 on every target, for every number of rows,
// depth around the vectors, and both types of b.
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

// Rows of each lie a few numbers further apart than they are long, which are nobody's.
template <typename T>
void expect_product(std::int64_t rows, std::int64_t columns, std::int64_t K, bool accumulate) {
  SCOPED_TRACE(::testing::Message()
               << rows << "×" << K << "·" << K << "×" << columns << " accumulate " << accumulate);
  const std::int64_t lda = K + 1, ldb = K + 2, ldc = columns + 3;
  const auto a = numbers<float>(rows * lda, 1);
  const auto b = numbers<T>(columns * ldb, 2);
  std::vector<float> c(static_cast<std::size_t>(rows * ldc), kUntouched);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) c[static_cast<std::size_t>(i * ldc + j)] = 2;
  }
  simd::few_rows({a.data(), rows, K, lda}, MatrixView<const T>(b.data(), K, columns, 1, ldb),
                 {c.data(), rows, columns, ldc}, accumulate);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      double expected = accumulate ? 2 : 0;
      double size = expected;
      for (std::int64_t k = 0; k < K; ++k) {
        const double x =
            static_cast<double>(a[static_cast<std::size_t>(i * lda + k)]) *
            static_cast<double>(static_cast<float>(b[static_cast<std::size_t>(j * ldb + k)]));
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
      for (const std::int64_t K : {0, 1, 2, 15, 16, 17, 31, 32, 33, 47, 64, 100, 384}) {
        for (const bool accumulate : {false, true}) {
          expect_product<float>(rows, 5, K, accumulate);
          expect_product<bf16>(rows, 5, K, accumulate);
        }
      }
    }
  });
}

// What a caller may rely on who divides c among threads, or reads several rows at once.
TEST(FewRows, AnElementDependsOnItsRows) {
  testing::for_each_target([] {
    const std::int64_t K = 77, columns = 9;
    const auto a = numbers<float>(kFewRows * K, 1), b = numbers<float>(columns * K, 2);
    std::vector<float> whole(kFewRows * columns), single(kFewRows * columns);
    const MatrixView<const float> all_a(a.data(), kFewRows, K);
    const MatrixView<const float> all_b(b.data(), K, columns, 1, K);
    const MatrixView<float> c(single.data(), kFewRows, columns);
    simd::few_rows(all_a, all_b, {whole.data(), kFewRows, columns}, false);
    for (std::int64_t i = 0; i < kFewRows; ++i) {
      for (std::int64_t j = 0; j < columns; ++j) {
        simd::few_rows(all_a.part(i, 0, 1, K), all_b.part(0, j, K, 1), c.part(i, j, 1, 1), false);
      }
    }
    EXPECT_EQ(single, whole);
  });
}

}  // namespace
}  // namespace clearhead::kernels
