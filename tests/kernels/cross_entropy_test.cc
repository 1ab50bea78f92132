// Cross-entropy of a row: the formula, its gradient, what is masked, and agreement with f64
// on every target, for every size and misalignment.
#include "clearhead/kernels/rows/cross_entropy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "arrays.h"
#include "targets.h"

namespace clearhead::kernels {
namespace {

using clearhead::testing::in_f64;
using clearhead::testing::Misaligned;
using clearhead::testing::random_floats;
using ::testing::Each;

// The loss, and d_logits = factor·(softmax(logits) − q).
template <typename T>
T both(std::int64_t V, const T* logits, ClassTarget to, T factor, T* d_logits) {
  std::fill_n(d_logits, V, T{0});
  const CrossEntropyRow<T> forward = cross_entropy_row(V, logits, to);
  cross_entropy_row_backward(V, logits, forward.row, to, factor, d_logits);
  return forward.loss;
}

TEST(CrossEntropy, IsTheFormula) {
  const double logits[] = {0, std::log(3.0)};  // probabilities 1/4 and 3/4
  double d[2];
  EXPECT_DOUBLE_EQ(cross_entropy_row(2, logits, {0}).loss, std::log(4.0));
  EXPECT_DOUBLE_EQ(both(2, logits, {0}, 2.0, d), std::log(4.0));
  EXPECT_DOUBLE_EQ(d[0], -1.5);
  EXPECT_DOUBLE_EQ(d[1], 1.5);
  // q = 0.1, 0.9
  EXPECT_DOUBLE_EQ(both(2, logits, {1, 0.2}, 1.0, d),
                   0.1 * std::log(4.0) + 0.9 * std::log(4 / 3.0));
  EXPECT_DOUBLE_EQ(d[0], 0.25 - 0.1);
  EXPECT_DOUBLE_EQ(d[1], 0.75 - 0.9);
}

TEST(CrossEntropy, AgreesWithF64ForEverySizeAndMisalignment) {
  testing::for_each_target([] {
    for (const double smoothing : {0.0, 0.1}) {
      testing::for_each_size_and_shift([smoothing](std::int64_t V, std::int64_t shift) {
        if (V == 0) return;
        SCOPED_TRACE(::testing::Message() << V << " logits, shift " << shift);
        const std::vector<float> logits = random_floats(V, 1, 4);
        const ClassTarget to{V * 2 / 3, smoothing};
        std::vector<double> d64(logits.size());
        const double loss = both(V, in_f64(logits).data(), to, 0.5, d64.data());
        Misaligned from(logits, shift),
            added(std::vector<float>(logits.size(), 1), (shift + 2) % 16);
        const CrossEntropyRow<float> row = cross_entropy_row(V, from.data(), to);
        cross_entropy_row_backward(V, from.data(), row.row, to, 0.5F, added.data());
        // Roundings of a loss of up to 20, of probabilities, and of 1 plus these.
        ASSERT_NEAR(static_cast<double>(row.loss), loss, 4e-6);
        for (std::size_t j = 0; j < d64.size(); ++j) {
          ASSERT_NEAR(static_cast<double>(added.values()[j]), 1 + d64[j], 4e-7);
        }
        added.expect_guards();
      });
    }
  });
}

TEST(CrossEntropy, LargeLogitsNeitherOverflowNorLoseTheLoss) {
  testing::for_each_target([] {
    const float logits[] = {1e30F, 1e30F, -1e30F};
    float d[3];
    EXPECT_FLOAT_EQ(both(3, logits, {0}, 1.0F, d), std::log(2.0F));
    EXPECT_FLOAT_EQ(d[0], -0.5F);
    EXPECT_EQ(d[2], 0);
  });
}

TEST(CrossEntropy, InfinitiesAndNan) {
  testing::for_each_target([] {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    float d[3];
    const float masked[] = {0, -kInfinity, 0};
    EXPECT_FLOAT_EQ(both(3, masked, {0}, 1.0F, d), std::log(2.0F));
    EXPECT_EQ(d[1], 0);
    EXPECT_EQ(cross_entropy_row(3, masked, {1}).loss, kInfinity);
    EXPECT_EQ(cross_entropy_row(3, masked, {0, 0.1}).loss, kInfinity);
    for (const float bad : {NAN, kInfinity}) {
      const float logits[] = {0, bad, 1};
      EXPECT_TRUE(std::isnan(both(3, logits, {0}, 1.0F, d)));
      EXPECT_THAT(d, Each(::testing::IsNan()));
    }
  });
}

}  // namespace
}  // namespace clearhead::kernels
