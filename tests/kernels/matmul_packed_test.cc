// The packed product agrees with the sum in f64 on every target, for every size up to twice a panel and
// one, every form of storage and every misalignment.
#include "clearhead/kernels/matmul_packed.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "clearhead/base/random.h"
#include "clearhead/base/workspace.h"
#include "targets.h"

namespace clearhead::kernels {
namespace {

constexpr float kUntouched = 12345;

std::int64_t rounded_up(std::int64_t n, std::int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

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
  const StoredMatrix stored_a{a.data() + shift, transpose_a ? 1 : K, transpose_a ? M : 1};
  const StoredMatrix stored_b{b.data() + shift, transpose_b ? 1 : N, transpose_b ? K : 1};
  const MatmulTiling tiling = matmul_tiling();
  const Workspace<float> packed_a(rounded_up(M, tiling.panel_rows) * K);
  const Workspace<float> packed_b(rounded_up(N, tiling.panel_columns) * K);
  pack_rows(M, K, stored_a, packed_a.get());
  pack_columns(K, N, stored_b, packed_b.get());
  multiply_packed(M, N, K, packed_a.get(), packed_b.get(), c.data() + shift, ldc, accumulate);
  for (std::int64_t i = 0; i < M; ++i) {
    for (std::int64_t j = 0; j < N; ++j) {
      double expected = accumulate ? 2 : 0;
      double size = expected;
      for (std::int64_t k = 0; k < K; ++k) {
        const double x = static_cast<double>(stored_a.data[i * stored_a.row + k * stored_a.column]);
        const double y = static_cast<double>(stored_b.data[k * stored_b.row + j * stored_b.column]);
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

TEST(MatmulPacked, EverySizeOfRowsAndColumns) {
  testing::for_each_target([] {
    const MatmulTiling tiling = matmul_tiling();
    for (std::int64_t M = 1; M <= 2 * tiling.panel_rows + 1; ++M) {
      expect_product(M, tiling.panel_columns + 1, 5, M % 2 == 0, M % 3 == 0, M % 5 == 0, 0);
    }
    for (std::int64_t N = 1; N <= 2 * tiling.panel_columns + 1; ++N) {
      expect_product(tiling.panel_rows + 1, N, 5, N % 2 == 0, N % 3 == 0, N % 5 == 0, 0);
    }
  });
}

TEST(MatmulPacked, EveryDepthAndForm) {
  testing::for_each_target([] {
    for (const std::int64_t K : {1, 2, 3, 4, 5, 31, 256}) {
      for (int form = 0; form < 8; ++form) {
        expect_product(17, 19, K, (form & 1) != 0, (form & 2) != 0, (form & 4) != 0, 0);
      }
    }
  });
}

TEST(MatmulPacked, EveryMisalignment) {
  testing::for_each_target([] {
    for (std::int64_t shift = 0; shift < 16; ++shift) {
      expect_product(13, 33, 9, false, false, true, shift);
      expect_product(13, 33, 9, true, true, false, shift);
    }
  });
}

}  // namespace
}  // namespace clearhead::kernels
