// The weighted sum over visible pairs: its values, and that nothing is read of a hidden pair, which
// has no weight.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "clearhead/base/random.h"
#include "clearhead/kernels/products/weighted_sum_scalar.h"

namespace clearhead {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<double> random_numbers(std::int64_t count, std::uint64_t stream) {
  Random random(11, stream);
  std::vector<double> numbers(static_cast<std::size_t>(count));
  for (double& number : numbers) number = random.normal();
  return numbers;
}

struct Problem {
  std::int64_t M, S, D, ldv;
  std::vector<double> pattern, scores, v, d_z;

  Problem(std::int64_t M_, std::int64_t S_, std::int64_t D_)
      : M(M_),
        S(S_),
        D(D_),
        ldv(D_ + 2),
        pattern(random_numbers(M * S, 1)),
        scores(static_cast<std::size_t>(M * S), 0.0),
        v(random_numbers(S * ldv, 2)),
        d_z(random_numbers(M * D, 3)) {
    for (std::size_t i = 0; i < scores.size(); i += 3) {  // hidden, but every other has a weight
      scores[i] = -kInfinity;
      if (i % 2 == 0) pattern[i] = 0;
    }
  }
  bool sees(std::int64_t i, std::int64_t j) const {
    return scores[static_cast<std::size_t>(i * S + j)] == 0 || p(i, j) != 0;
  }
  double p(std::int64_t i, std::int64_t j) const {
    return pattern[static_cast<std::size_t>(i * S + j)];
  }
  double value(std::int64_t j, std::int64_t d) const {
    return v[static_cast<std::size_t>(j * ldv + d)];
  }
  double d(std::int64_t i, std::int64_t k) const {
    return d_z[static_cast<std::size_t>(i * D + k)];
  }
};

// Sums of up to 20 products of numbers near 1 in f64 err by some 1e-15.
constexpr double kTolerance = 1e-13;

TEST(WeightedSumKernel, AgreesWithTheTripleLoop) {
  for (const std::int64_t M : {0, 1, 3}) {
    for (const std::int64_t S : {0, 1, 5}) {
      for (std::int64_t D = 0; D <= 17; ++D) {  // the dot product has 8 lanes
        const Problem x(M, S, D);
        std::vector<double> z(static_cast<std::size_t>(M * D), kNan);  // overwritten, not added to
        kernels::scalar::weighted_sum(M, S, D, x.pattern.data(), x.scores.data(), x.v.data(), x.ldv,
                                      z.data());
        std::vector<double> d_pattern(static_cast<std::size_t>(M * S), 1.0);  // added to
        kernels::scalar::weighted_sum_backward_pattern(M, S, D, x.d_z.data(), x.pattern.data(),
                                                       x.scores.data(), x.v.data(), x.ldv,
                                                       d_pattern.data());
        std::vector<double> d_v(static_cast<std::size_t>(S * D), 1.0);
        kernels::scalar::weighted_sum_backward_v(M, S, D, x.pattern.data(), x.scores.data(),
                                                 x.d_z.data(), d_v.data());
        for (std::int64_t i = 0; i < M; ++i) {
          for (std::int64_t d = 0; d < D; ++d) {
            double expected = 0;
            for (std::int64_t j = 0; j < S; ++j) {
              if (x.sees(i, j)) expected += x.p(i, j) * x.value(j, d);
            }
            ASSERT_NEAR(z[static_cast<std::size_t>(i * D + d)], expected, kTolerance);
          }
          for (std::int64_t j = 0; j < S; ++j) {
            double expected = 1;
            for (std::int64_t d = 0; d < D && x.sees(i, j); ++d) {
              expected += x.d(i, d) * x.value(j, d);
            }
            ASSERT_NEAR(d_pattern[static_cast<std::size_t>(i * S + j)], expected, kTolerance);
          }
        }
        for (std::int64_t j = 0; j < S; ++j) {
          for (std::int64_t d = 0; d < D; ++d) {
            double expected = 1;
            for (std::int64_t i = 0; i < M; ++i) {
              if (x.sees(i, j)) expected += x.p(i, j) * x.d(i, d);
            }
            ASSERT_NEAR(d_v[static_cast<std::size_t>(j * D + d)], expected, kTolerance);
          }
        }
      }
    }
  }
}

TEST(WeightedSumKernel, WhatIsHiddenDoesNotMatter) {
  const double scores[] = {0, -kInfinity};  // one query, two keys, the second hidden
  const double pattern[] = {2, kNan};
  const double v[] = {3, 4, kNan, kInfinity};
  const double d_z[] = {5, 6};
  double z[2], d_pattern[2] = {}, d_v[4] = {};
  kernels::scalar::weighted_sum<double>(1, 2, 2, pattern, scores, v, 2, z);
  EXPECT_EQ(z[0], 6);
  EXPECT_EQ(z[1], 8);
  kernels::scalar::weighted_sum_backward_pattern<double>(1, 2, 2, d_z, pattern, scores, v, 2,
                                                         d_pattern);
  EXPECT_EQ(d_pattern[0], 39);
  EXPECT_EQ(d_pattern[1], 0);
  kernels::scalar::weighted_sum_backward_v<double>(1, 2, 2, pattern, scores, d_z, d_v);
  EXPECT_EQ(d_v[0], 10);
  EXPECT_EQ(d_v[1], 12);
  EXPECT_EQ(d_v[2], 0);
  EXPECT_EQ(d_v[3], 0);
}

}  // namespace
}  // namespace clearhead
