// The product of a few rows with a matrix in bf16 on tiles agrees with the sum in f64, with three
// parts of each number as one in f32 does and with two to 16 bits, for every number of rows and
// sizes around the tiles; so do numbers at the ends of f32.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "clearhead/base/random.h"
#include "clearhead/base/workspace.h"
#include "clearhead/kernels/products/few_rows_tiles.h"
#include "on_tiles.h"

namespace clearhead::kernels {
namespace {

constexpr float kUntouched = 12345;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

class FewRowsBf16 : public testing::OnTiles {};

// a [M, K], b [K, N] stored column after column, c [M, N]; rows and columns lie a few numbers
// further apart than they are long, which are nobody's.
struct Product {
  std::int64_t M, N, K;
  std::int64_t lda = K + 1, ldb = K + 2, ldc = N + 3;
  std::vector<float> a, c;
  std::vector<bf16> b;

  Product(std::int64_t M, std::int64_t N, std::int64_t K, float before)
      : M(M), N(N), K(K), c(static_cast<std::size_t>(M * ldc), kUntouched) {
    Random random(3, 1);
    for (std::int64_t i = 0; i < M * lda; ++i) a.push_back(static_cast<float>(random.normal()));
    for (std::int64_t i = 0; i < N * ldb; ++i) b.emplace_back(static_cast<float>(random.normal()));
    for (std::int64_t i = 0; i < M; ++i) std::fill_n(&at_c(i, 0), N, before);
  }

  float& at_a(std::int64_t i, std::int64_t k) { return a[static_cast<std::size_t>(i * lda + k)]; }
  bf16& at_b(std::int64_t k, std::int64_t j) { return b[static_cast<std::size_t>(j * ldb + k)]; }
  float& at_c(std::int64_t i, std::int64_t j) { return c[static_cast<std::size_t>(i * ldc + j)]; }

  void multiply(std::int64_t parts, bool accumulate) {
    const Workspace<char> packed(tiles::few_rows_bytes(M, K, parts));
    tiles::pack_few_rows({a.data(), M, K, lda}, parts, packed.get());
    tiles::few_rows(packed.get(), parts, {b.data(), K, N, 1, ldb}, {c.data(), M, N, ldc},
                    accumulate);
  }

  void expect_right(std::int64_t parts, float before) {
    for (std::int64_t i = 0; i < M; ++i) {
      for (std::int64_t j = 0; j < N; ++j) {
        double expected = static_cast<double>(before), size = expected;
        for (std::int64_t k = 0; k < K; ++k) {
          const double x =
              static_cast<double>(at_a(i, k)) * static_cast<double>(static_cast<float>(at_b(k, j)));
          expected += x;
          size += std::abs(x);
        }
        // Each product and sum rounds once; two parts leave out less than the 16th bit.
        const double left_out = parts == 2 ? 0x1p-16 : 0;
        ASSERT_NEAR(static_cast<double>(at_c(i, j)), expected,
                    (0x1p-23 * static_cast<double>(parts * K + 1) + left_out) * size)
            << i << ", " << j;
      }
      for (std::int64_t j = N; j < ldc; ++j) ASSERT_EQ(at_c(i, j), kUntouched);
    }
  }
};

TEST_P(FewRowsBf16, EveryNumberOfRowsAndSizesAroundTiles) {
  for (std::int64_t M = 1; M <= 8; ++M) {
    for (const std::int64_t K : {0, 1, 2, 31, 32, 33, 64, 100}) {
      for (const std::int64_t N : {1, 15, 16, 17, 31, 32, 33, 64}) {
        for (const std::int64_t parts : {2, 3}) {
          SCOPED_TRACE(::testing::Message()
                       << M << "×" << K << "·" << K << "×" << N << ", " << parts << " parts");
          const bool accumulate = N % 2 == 1;
          Product product(M, N, K, 2);
          product.multiply(parts, accumulate);
          product.expect_right(parts, accumulate ? 2 : 0);
        }
      }
    }
  }
}

TEST_P(FewRowsBf16, AnElementDependsOnItsRowAndColumn) {
  for (const std::int64_t parts : {2, 3}) {
    Product whole(8, 40, 77, 0);
    whole.multiply(parts, false);
    for (std::int64_t M = 1; M < 8; ++M) {
      Product some(M, 40, 77, 0);
      some.b = whole.b;
      for (std::int64_t i = 0; i < M; ++i) std::copy_n(&whole.at_a(i, 0), 77, &some.at_a(i, 0));
      some.multiply(parts, false);
      for (std::int64_t i = 0; i < M; ++i) {
        for (std::int64_t j = 0; j < 40; ++j) ASSERT_EQ(some.at_c(i, j), whole.at_c(i, j));
      }
    }
  }
}

// Three parts are a number's own digits, so the largest f32 stays finite; two round it up to 2¹²⁸,
// which a factor below 1 brings back. Of what is infinite no part is NaN.
TEST_P(FewRowsBf16, TheEndsOfF32) {
  for (const std::int64_t parts : {2, 3}) {
    const float factor = parts == 2 ? 0.25F : 1;
    Product product(5, 33, 40, 0);
    product.at_a(0, 3) = std::numeric_limits<float>::max();
    product.at_a(1, 4) = -kInfinity;
    product.at_a(2, 5) = std::nanf("");
    for (std::int64_t j = 0; j < 33; ++j) {
      product.at_b(3, j) = bf16(factor);
      product.at_b(4, j) = bf16(1.0F);
    }
    product.multiply(parts, false);
    const float expected = std::numeric_limits<float>::max() * factor;
    for (std::int64_t j = 0; j < 33; ++j) {
      EXPECT_NEAR(product.at_c(0, j), expected, (parts == 2 ? 0x1p-16F : 0x1p-22F) * expected);
      EXPECT_EQ(product.at_c(1, j), -kInfinity);
      EXPECT_TRUE(std::isnan(product.at_c(2, j)));
      EXPECT_TRUE(std::isfinite(product.at_c(3, j)));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Amx, FewRowsBf16,
                         ::testing::Values(testing::Tiles{Target::amx, Precision::medium}),
                         testing::tiles_name);

}  // namespace
}  // namespace clearhead::kernels
