// The softmax of a row: its values, and what −inf, +inf, NaN and huge scores do.
#include "clearhead/kernels/softmax.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace clearhead {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsNan;

template <typename T>
class SoftmaxRowTest : public ::testing::Test {
 protected:
  static constexpr T kInfinity = std::numeric_limits<T>::infinity();
  static constexpr T kNan = std::numeric_limits<T>::quiet_NaN();

  kernels::SoftmaxRow<T> run(const std::vector<T>& scores) {
    pattern.assign(scores.size(), T{-1});
    return kernels::softmax_row(static_cast<std::int64_t>(scores.size()), scores.data(),
                                pattern.data());
  }
  std::vector<T> run_backward(const std::vector<T>& d_pattern) {
    std::vector<T> d_scores(pattern.size(), T{0});
    kernels::softmax_row_backward(static_cast<std::int64_t>(pattern.size()), pattern.data(),
                                  d_pattern.data(), d_scores.data());
    return d_scores;
  }
  std::vector<T> pattern;
};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(SoftmaxRowTest, Types);

TYPED_TEST(SoftmaxRowTest, IsTheFormula) {
  const std::vector<TypeParam> scores = {0.5, -1, 2, 0};
  const auto row = this->run(scores);
  EXPECT_EQ(row.max, 2);
  double sum = 0;
  for (const TypeParam score : scores) sum += std::exp(static_cast<double>(score) - 2);
  const double epsilon = 4 * std::numeric_limits<TypeParam>::epsilon();
  EXPECT_NEAR(static_cast<double>(row.sum), sum, epsilon);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(this->pattern[i]),
                std::exp(static_cast<double>(scores[i]) - 2) / sum, epsilon);
  }
}

TYPED_TEST(SoftmaxRowTest, WhatIsMaskedGetsExactlyZero) {
  const auto row = this->run({-this->kInfinity, 3, -this->kInfinity, 3});
  EXPECT_EQ(row.max, 3);
  EXPECT_EQ(row.sum, 2);
  EXPECT_THAT(this->pattern, ElementsAre(0, 0.5, 0, 0.5));
}

TYPED_TEST(SoftmaxRowTest, AFullyMaskedRowAndAnEmptyOneGiveZeros) {
  auto row = this->run({-this->kInfinity, -this->kInfinity});
  EXPECT_EQ(row.max, -this->kInfinity);
  EXPECT_EQ(row.sum, 0);
  EXPECT_THAT(this->pattern, ElementsAre(0, 0));
  EXPECT_THAT(this->run_backward({1, this->kNan}), ElementsAre(0, 0));
  row = this->run({});
  EXPECT_EQ(row.max, -this->kInfinity);
  EXPECT_EQ(row.sum, 0);
}

TYPED_TEST(SoftmaxRowTest, HugeScoresNeitherOverflowNorVanish) {
  const auto huge = static_cast<TypeParam>(3e38);
  this->run({huge, -huge, huge});
  EXPECT_THAT(this->pattern, ElementsAre(0.5, 0, 0.5));
  this->run({-huge, -huge});
  EXPECT_THAT(this->pattern, ElementsAre(0.5, 0.5));
  this->run({10000, -10000});
  EXPECT_THAT(this->pattern, ElementsAre(1, 0));
  const TypeParam largest = std::numeric_limits<TypeParam>::max();
  this->run({largest, std::numeric_limits<TypeParam>::lowest()});
  EXPECT_THAT(this->pattern, ElementsAre(1, 0));
}

TYPED_TEST(SoftmaxRowTest, NanAndPlusInfinityMakeTheRowNanButForWhatIsMasked) {
  for (const TypeParam bad : {this->kNan, this->kInfinity}) {
    for (std::size_t place : {0u, 1u, 2u}) {
      std::vector<TypeParam> scores = {1, 2, 3, -this->kInfinity};
      scores[place] = bad;
      const auto row = this->run(scores);
      EXPECT_FALSE(std::isfinite(row.max));
      EXPECT_TRUE(std::isnan(row.sum));
      EXPECT_THAT((std::vector<TypeParam>(this->pattern.begin(), this->pattern.begin() + 3)),
                  Each(IsNan()));
      EXPECT_EQ(this->pattern[3], 0);
    }
  }
  EXPECT_EQ(this->run({1, this->kInfinity}).max, this->kInfinity);
}

TYPED_TEST(SoftmaxRowTest, ALongRowLosesNoDigits) {
  // Added to in f32, a sum above 16 would round exp(-10) = 4.5e-5 to multiples of 2e-6.
  constexpr double kOthers = 1 << 20;
  std::vector<TypeParam> scores(1 + (1 << 20), TypeParam{-10});
  scores[0] = 0;
  const double sum = 1 + kOthers * std::exp(-10.0);
  // Rounding to T, or that of a million additions in f64.
  const double tolerance = std::max<double>(4 * std::numeric_limits<TypeParam>::epsilon(),
                                            kOthers * std::numeric_limits<double>::epsilon());
  EXPECT_NEAR(static_cast<double>(this->run(scores).sum) / sum, 1, tolerance);
  EXPECT_NEAR(static_cast<double>(this->pattern[0]) * sum, 1, tolerance);
}

TYPED_TEST(SoftmaxRowTest, BackwardAddsAndPassesOverWhatIsMasked) {
  this->run({0, 0, -this->kInfinity});
  EXPECT_THAT(this->run_backward({1, 3, this->kNan}), ElementsAre(-0.5, 0.5, 0));
  std::vector<TypeParam> d_scores = {10, 10, 10};
  const std::vector<TypeParam> d_pattern = {1, 3, 5};
  kernels::softmax_row_backward<TypeParam>(3, this->pattern.data(), d_pattern.data(),
                                           d_scores.data());
  EXPECT_THAT(d_scores, ElementsAre(9.5, 10.5, 10));
}

}  // namespace
}  // namespace clearhead
