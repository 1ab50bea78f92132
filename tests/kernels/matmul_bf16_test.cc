// The matrix product on tiles of bf16 keeps the error that its precision promises, in every form
// and at every edge.
#include "clearhead/kernels/products/matmul_bf16.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "clearhead/base/ceil_div.h"
#include "clearhead/base/half.h"
#include "clearhead/base/random.h"
#include "clearhead/base/workspace.h"
#include "tests/kernels/bf16_products.h"
#include "tests/kernels/on_tiles.h"

namespace clearhead::kernels {
namespace {

constexpr float kUntouched = 12345;
constexpr std::int64_t kGap = 3;

std::vector<float> random_matrix(std::int64_t rows, std::int64_t stride, std::uint64_t stream) {
  Random random(7, stream);
  std::vector<float> x(static_cast<std::size_t>(rows * stride));
  for (float& number : x) number = static_cast<float>(random.normal());
  return x;
}

void run(const MatmulProblem& p) {
  const Workspace<char> factors(packed_factors_bytes(p));
  const Workspace<float> memory(product_workspace(p));
  for (std::int64_t i = 0; i < factor_pieces(p); ++i) pack_factor_piece(p, i, factors.get());
  for (std::int64_t i = 0; i < product_blocks(p); ++i) {
    multiply_block(p, i, factors.get(), memory.get());
  }
}

struct Form {
  bool transpose_a, transpose_b, accumulate;
};

class MatmulBf16 : public testing::OnTiles {
 protected:
  // Medium is compared with the product of the rounded factors, which bf16 products give exactly,
  // so that what is left is the rounding of K sums in f32. High keeps 16 bits of each factor, and
  // drops the product of what is left over: 3·2⁻¹⁷ for each product, 2⁻¹⁵ with its own roundings.
  void expect_product(std::int64_t M, std::int64_t N, std::int64_t K, Form form) {
    SCOPED_TRACE(::testing::Message()
                 << M << "×" << K << "·" << K << "×" << N << " transpose_a " << form.transpose_a
                 << " transpose_b " << form.transpose_b << " accumulate " << form.accumulate);
    const std::int64_t lda = (form.transpose_a ? M : K) + kGap;
    const std::int64_t ldb = (form.transpose_b ? K : N) + kGap;
    const std::int64_t ldc = N + kGap;
    const std::vector<float> a = random_matrix(form.transpose_a ? K : M, lda, 1);
    const std::vector<float> b = random_matrix(form.transpose_b ? N : K, ldb, 2);
    std::vector<float> c(static_cast<std::size_t>(M * ldc), kUntouched);
    const bool medium = precision() == Precision::medium;
    const MatrixView<const float> a_meant(a.data(), M, K, form.transpose_a ? 1 : lda,
                                          form.transpose_a ? lda : 1);
    const MatrixView<const float> b_meant(b.data(), K, N, form.transpose_b ? 1 : ldb,
                                          form.transpose_b ? ldb : 1);
    const std::vector<float> row = random_matrix(1, N, 3);
    const bool adds_row = !form.accumulate && (M + N + K) % 2 == 0;
    run({a_meant,
         b_meant,
         {c.data(), M, N, ldc},
         form.accumulate,
         adds_row ? row.data() : nullptr,
         precision()});
    const auto value = [&](float x) {
      return static_cast<double>(medium ? static_cast<float>(bf16(x)) : x);
    };
    const double f32 = std::numeric_limits<float>::epsilon();
    const double each = medium ? f32 * static_cast<double>(K + 2)
                               : std::ldexp(1.0, -15) + 3 * f32 * static_cast<double>(K + 2);
    for (std::int64_t i = 0; i < M; ++i) {
      for (std::int64_t j = 0; j < N; ++j) {
        double expected = form.accumulate ? static_cast<double>(kUntouched)
                          : adds_row      ? static_cast<double>(row[static_cast<std::size_t>(j)])
                                          : 0;
        double size = std::abs(expected);
        for (std::int64_t k = 0; k < K; ++k) {
          const double x = value(a_meant.at(i, k)), y = value(b_meant.at(k, j));
          expected += x * y;
          size += std::abs(x * y);
        }
        ASSERT_NEAR(static_cast<double>(c[static_cast<std::size_t>(i * ldc + j)]), expected,
                    each * size)
            << i << ", " << j;
      }
      for (std::int64_t j = N; j < ldc; ++j) {
        ASSERT_EQ(c[static_cast<std::size_t>(i * ldc + j)], kUntouched) << "past row " << i;
      }
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Tiles, MatmulBf16, testing::kAllTiles, testing::tiles_name);

TEST_P(MatmulBf16, EveryFormAroundTilesAndPanels) {
  for (const std::int64_t M : {1, 15, 16, 17, 31, 33, 65}) {
    for (const std::int64_t N : {1, 16, 17, 32, 33, 63}) {
      for (const std::int64_t K : {1, 2, 31, 32, 33, 65}) {
        const int form = static_cast<int>((M + 3 * N + 5 * K) % 8);
        expect_product(M, N, K, {(form & 1) != 0, (form & 2) != 0, (form & 4) != 0});
        if (HasFatalFailure()) return;
      }
    }
  }
}

// Blocks are 256 × 512, slices of K up to 1024 deep, of which 640 stay near, or 256; pieces of
// packing are 64 rows. Of 512 rows or more each block packs its own, unless they are deeper than
// 3072. Factors of 2 MiB are packed past the caches.
TEST_P(MatmulBf16, SeveralBlocks) {
  expect_product(40, 40, 1100, {false, false, false});
  expect_product(40, 70, 1000, {false, true, false});
  expect_product(70, 40, 1500, {true, false, true});
  expect_product(33, 600, 70, {true, false, true});
  expect_product(600, 33, 520, {false, true, true});
  expect_product(530, 520, 40, {true, true, false});
  expect_product(2070, 33, 40, {false, true, true});
  expect_product(2050, 17, 33, {true, false, false});
  expect_product(2050, 530, 17, {false, false, false});
  expect_product(300, 40, 70, {true, true, false});
  expect_product(530, 17, 3100, {false, false, false});
  expect_product(33, 40, 16'400, {true, false, false});
  expect_product(40, 33, 16'400, {false, true, true});
}

// An element comes out the same wherever a product is divided.
TEST_P(MatmulBf16, AnElementDependsOnItsRowAndColumn) {
  const std::int64_t M = 70, N = 90, K = 1500;
  const std::vector<float> a = random_matrix(M, K, 1);
  const std::vector<float> b = random_matrix(K, N, 2);
  std::vector<float> whole(static_cast<std::size_t>(M * N));
  const MatrixView<const float> all_a(a.data(), M, K), all_b(b.data(), K, N);
  run({all_a, all_b, {whole.data(), M, N}, false, nullptr, precision()});
  std::vector<float> part(static_cast<std::size_t>(M * N));
  run({all_a.part(21, 0, M - 21, K), all_b.part(0, 37, K, N - 37),
       MatrixView<float>(part.data(), M, N).part(21, 37, M - 21, N - 37), false, nullptr,
       precision()});
  for (std::int64_t i = 21; i < M; ++i) {
    for (std::int64_t j = 37; j < N; ++j) {
      const auto at = static_cast<std::size_t>(i * N + j);
      ASSERT_EQ(part[at], whole[at]) << i << ", " << j;
    }
  }
}

// The relative error in the Frobenius norm, which docs/numerics.md states.
TEST_P(MatmulBf16, Error) {
  const std::int64_t n = 300;
  const std::vector<float> a = random_matrix(n, n, 1);
  const std::vector<float> b = random_matrix(n, n, 2);
  std::vector<float> c(static_cast<std::size_t>(n * n));
  run({{a.data(), n, n}, {b.data(), n, n}, {c.data(), n, n}, false, nullptr, precision()});
  double error = 0;
  double size = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::int64_t k = 0; k < n; ++k) {
        sum += static_cast<double>(a[static_cast<std::size_t>(i * n + k)]) *
               static_cast<double>(b[static_cast<std::size_t>(k * n + j)]);
      }
      error += std::pow(static_cast<double>(c[static_cast<std::size_t>(i * n + j)]) - sum, 2);
      size += sum * sum;
    }
  }
  EXPECT_LT(std::sqrt(error / size), precision() == Precision::medium ? 3e-3 : 1e-5);
}

// VDPBF16PS, bit for bit, against the scalar one of bf16_products.h. Rows are filled up with zeros
// to whole steps of 32.

float sum_of_pairs(const float* a, const float* b, std::int64_t K, std::int64_t b_stride) {
  float sum = 0;
  for (std::int64_t k = 0; k < round_up(K, 32); k += 2) {
    float x[2] = {0, 0}, y[2] = {0, 0};
    for (std::int64_t i = k; i < k + 2 && i < K; ++i) {
      x[i - k] = static_cast<float>(testing::rounded(a[i]));
      y[i - k] = static_cast<float>(testing::rounded(b[i * b_stride]));
    }
    sum = testing::add_pair(sum, x, y);
  }
  return sum;
}

// Numbers of every size: most near 1, some so small that their products, or they, are subnormal.
std::vector<float> numbers(std::int64_t n, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> x(static_cast<std::size_t>(n));
  for (float& value : x) {
    const double size = random.uniform();
    const int power = size < 0.1 ? -70 : size < 0.15 ? -130 : 0;
    value = static_cast<float>(std::ldexp(random.normal(), power));
  }
  return x;
}

using PairProducts = testing::OnTiles;
INSTANTIATE_TEST_SUITE_P(Vectors, PairProducts,
                         ::testing::Values(testing::Tiles{Target::avx512_bf16, Precision::medium}),
                         testing::tiles_name);

TEST_P(PairProducts, AreThoseOfTheInstruction) {
  const std::int64_t sizes[][3] = {{64, 64, 64}, {33, 47, 211}, {100, 300, 1100}};
  for (const auto& [M, N, K] : sizes) {
    SCOPED_TRACE(::testing::Message() << M << " x " << K << " x " << N);
    const std::vector<float> a = numbers(M * K, 1), b = numbers(K * N, 2);
    std::vector<float> c(static_cast<std::size_t>(M * N));
    const MatmulProblem problem{{a.data(), M, K}, {b.data(), K, N}, {c.data(), M, N}, false,
                                nullptr,          precision()};
    ASSERT_TRUE(matmul_takes_bf16(problem));
    run(problem);
    for (std::int64_t i = 0; i < M; ++i) {
      for (std::int64_t j = 0; j < N; ++j) {
        const float expected = sum_of_pairs(&a[i * K], &b[j], K, N);
        ASSERT_EQ(std::bit_cast<std::uint32_t>(c[i * N + j]),
                  std::bit_cast<std::uint32_t>(expected))
            << i << ", " << j << ": " << c[i * N + j] << " for " << expected;
      }
    }
  }
}

}  // namespace
}  // namespace clearhead::kernels
