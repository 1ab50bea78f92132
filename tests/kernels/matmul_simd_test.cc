// The product on vectors agrees with the sum in f64 on every target, for every size up to twice a
// panel and one, every form of storage and every misalignment.
#include "clearhead/kernels/products/matmul_simd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "clearhead/base/random.h"
#include "clearhead/base/workspace.h"
#include "targets.h"

namespace clearhead::kernels {
namespace {

constexpr float kUntouched = 12345;

// M × N = M × K · K × N, operands and result `shift` numbers from an aligned place.
void expect_product(std::int64_t M, std::int64_t N, std::int64_t K, bool transpose_a,
                    bool transpose_b, bool accumulate, std::int64_t shift) {
  SCOPED_TRACE(::testing::Message() << M << "×" << K << "·" << K << "×" << N << " transpose_a "
                                    << transpose_a << " transpose_b " << transpose_b
                                    << " accumulate " << accumulate << " shift " << shift);
  Random random(3);
  const auto matrix = [&](std::int64_t count) {
    std::vector<float> data(static_cast<std::size_t>(count + shift));
    for (float& x : data) x = static_cast<float>(random.normal());
    return data;
  };
  const std::vector<float> a = matrix(M * K), b = matrix(K * N);
  const std::int64_t ldc = N + 3;  // the numbers between two rows are nobody's
  std::vector<float> c(static_cast<std::size_t>(M * ldc + shift), kUntouched);
  for (std::int64_t i = 0; i < M; ++i) {
    for (std::int64_t j = 0; j < N; ++j) c[static_cast<std::size_t>(shift + i * ldc + j)] = 2;
  }
  const MatrixView<const float> a_meant(a.data() + shift, M, K, transpose_a ? 1 : K,
                                        transpose_a ? M : 1);
  const MatrixView<const float> b_meant(b.data() + shift, K, N, transpose_b ? 1 : N,
                                        transpose_b ? K : 1);
  const std::vector<float> row = matrix(N);
  const bool adds_row = !accumulate && (M + N + K) % 2 == 0;
  const Workspace<float> workspace(simd::matmul_workspace(N, K));
  simd::matmul(a_meant, b_meant, {c.data() + shift, M, N, ldc}, accumulate,
               adds_row ? row.data() : nullptr, workspace.get());
  for (std::int64_t i = 0; i < M; ++i) {
    for (std::int64_t j = 0; j < N; ++j) {
      double expected = accumulate ? 2 : adds_row ? row[static_cast<std::size_t>(j)] : 0;
      double size = std::abs(expected);
      for (std::int64_t k = 0; k < K; ++k) {
        const double x = static_cast<double>(a_meant.at(i, k));
        const double y = static_cast<double>(b_meant.at(k, j));
        expected += x * y;
        size += std::abs(x * y);
      }
      // Each of K products and sums rounds once.
      ASSERT_NEAR(static_cast<double>(c[static_cast<std::size_t>(shift + i * ldc + j)]), expected,
                  0x1p-23 * static_cast<double>(K + 1) * size);
    }
    for (std::int64_t j = N; j < ldc; ++j) {
      ASSERT_EQ(c[static_cast<std::size_t>(shift + i * ldc + j)], kUntouched);
    }
  }
}

// Panels have at most 12 rows and 32 columns.
TEST(MatmulSimd, EverySizeOfRowsAndColumns) {
  testing::for_each_target([] {
    for (std::int64_t M = 1; M <= 25; ++M) {
      expect_product(M, 33, 5, M % 2 == 0, M % 3 == 0, M % 5 == 0, 0);
    }
    for (std::int64_t N = 1; N <= 65; ++N) {
      expect_product(13, N, 5, N % 2 == 0, N % 3 == 0, N % 5 == 0, 0);
    }
  });
}

// Slices of K have at most 384 steps, and lines that are asked for 16.
TEST(MatmulSimd, EveryDepthAndForm) {
  testing::for_each_target([] {
    for (const std::int64_t K : {1, 2, 3, 4, 5, 15, 16, 17, 31, 256, 384, 385, 1100}) {
      for (int form = 0; form < 8; ++form) {
        expect_product(29, 39, K, (form & 1) != 0, (form & 2) != 0, (form & 4) != 0, 0);
      }
    }
  });
}

// What a caller may rely on who divides c among threads, or adds a row to a long sequence.
TEST(MatmulSimd, AnElementDependsOnItsRowAndColumn) {
  testing::for_each_target([] {
    const std::int64_t M = 31, N = 70, K = 700;
    Random random(5);
    std::vector<float> a(M * K), b(K * N), whole(M * N), part(M * N, kUntouched);
    for (float& x : a) x = static_cast<float>(random.normal());
    for (float& x : b) x = static_cast<float>(random.normal());
    const Workspace<float> workspace(simd::matmul_workspace(N, K));
    const MatrixView<const float> all_a(a.data(), M, K), all_b(b.data(), K, N);
    const auto multiply = [&](std::int64_t row, std::int64_t rows, std::int64_t column,
                              std::int64_t columns, std::vector<float>& c) {
      simd::matmul(all_a.part(row, 0, rows, K), all_b.part(0, column, K, columns),
                   MatrixView<float>(c.data(), M, N).part(row, column, rows, columns), false,
                   nullptr, workspace.get());
    };
    multiply(0, M, 0, N, whole);
    for (const auto& [row, rows] : {std::pair{0, 1}, {1, 7}, {8, 23}}) {
      for (const auto& [column, columns] : {std::pair{0, 3}, {3, 37}, {40, 30}}) {
        multiply(row, rows, column, columns, part);
      }
    }
    EXPECT_EQ(part, whole);
  });
}

TEST(MatmulSimd, EveryMisalignment) {
  testing::for_each_target([] {
    for (std::int64_t shift = 0; shift < 16; ++shift) {
      expect_product(13, 33, 9, false, false, true, shift);
      expect_product(13, 33, 9, true, true, false, shift);
    }
  });
}

}  // namespace
}  // namespace clearhead::kernels
