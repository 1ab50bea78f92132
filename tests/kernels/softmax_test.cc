// The softmax of a row: its values, and what −inf, +inf, NaN and huge scores do.
#include "clearhead/kernels/rows/softmax.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "arrays.h"
#include "targets.h"

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
  testing::for_each_target([&] {
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
  });
}

TYPED_TEST(SoftmaxRowTest, WhatIsMaskedGetsExactlyZero) {
  testing::for_each_target([&] {
    const auto row = this->run({-this->kInfinity, 3, -this->kInfinity, 3});
    EXPECT_EQ(row.max, 3);
    EXPECT_EQ(row.sum, 2);
    EXPECT_THAT(this->pattern, ElementsAre(0, 0.5, 0, 0.5));
  });
}

TYPED_TEST(SoftmaxRowTest, AFullyMaskedRowAndAnEmptyOneGiveZeros) {
  testing::for_each_target([&] {
    auto row = this->run({-this->kInfinity, -this->kInfinity});
    EXPECT_EQ(row.max, -this->kInfinity);
    EXPECT_EQ(row.sum, 0);
    EXPECT_THAT(this->pattern, ElementsAre(0, 0));
    EXPECT_THAT(this->run_backward({1, this->kNan}), ElementsAre(0, 0));
    row = this->run({});
    EXPECT_EQ(row.max, -this->kInfinity);
    EXPECT_EQ(row.sum, 0);
  });
}

TYPED_TEST(SoftmaxRowTest, HugeScoresNeitherOverflowNorVanish) {
  testing::for_each_target([&] {
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
  });
}

TYPED_TEST(SoftmaxRowTest, NanAndPlusInfinityMakeTheRowNanButForWhatIsMasked) {
  testing::for_each_target([&] {
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
  });
}

TYPED_TEST(SoftmaxRowTest, ALongRowLosesNoDigits) {
  testing::for_each_target([&] {
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
  });
}

TYPED_TEST(SoftmaxRowTest, BackwardAddsAndPassesOverWhatIsMasked) {
  testing::for_each_target([&] {
    this->run({0, 0, -this->kInfinity});
    EXPECT_THAT(this->run_backward({1, 3, this->kNan}), ElementsAre(-0.5, 0.5, 0));
    std::vector<TypeParam> d_scores = {10, 10, 10};
    const std::vector<TypeParam> d_pattern = {1, 3, 5};
    kernels::softmax_row_backward(3, this->pattern.data(), d_pattern.data(), d_scores.data());
    EXPECT_THAT(d_scores, ElementsAre(9.5, 10.5, 10));
  });
}

TEST(SoftmaxRow, AgreesWithF64OnEveryTargetForEverySizeAndMisalignment) {
  using testing::Misaligned;
  testing::for_each_target([] {
    testing::for_each_size_and_shift([](std::int64_t n, std::int64_t shift) {
      SCOPED_TRACE(::testing::Message() << n << " scores, shift " << shift);
      std::vector<float> scores = testing::random_floats(n, 1, 4);
      const std::vector<float> d_pattern = testing::random_floats(n, 2);
      if (n > 2) scores[static_cast<std::size_t>(n / 2)] = -INFINITY;
      std::vector<double> exact(scores.size()), d_exact(scores.size(), 1);
      const auto row64 =
          kernels::scalar::softmax_row(n, testing::in_f64(scores).data(), exact.data());
      kernels::scalar::softmax_row_backward(n, exact.data(), testing::in_f64(d_pattern).data(),
                                            d_exact.data());
      Misaligned from(scores, shift), to(std::vector<float>(scores.size()), (shift + 1) % 16),
          d_from(d_pattern, (shift + 2) % 16),
          d_to(std::vector<float>(scores.size(), 1), (shift + 3) % 16);
      const auto row = kernels::softmax_row(n, from.data(), to.data());
      kernels::softmax_row_backward(n, to.data(), d_from.data(), d_to.data());
      ASSERT_EQ(static_cast<double>(row.max), row64.max);
      ASSERT_NEAR(static_cast<double>(row.sum), row64.sum, 5e-7 * row64.sum);
      for (std::size_t i = 0; i < scores.size(); ++i) {
        const double error = exact[i] == 0 ? 0 : 5e-7 - 6e-8 * std::log(exact[i]);
        ASSERT_NEAR(static_cast<double>(to.values()[i]), exact[i], error * exact[i]);
        // Roundings of 1 and of a gradient of up to 4.
        ASSERT_NEAR(static_cast<double>(d_to.values()[i]), d_exact[i], 2e-6);
      }
      to.expect_guards();
      d_to.expect_guards();
    });
  });
}

}  // namespace
}  // namespace clearhead
