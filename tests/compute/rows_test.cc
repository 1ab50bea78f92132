// Calculations with rows, whatever their sizes and the number of threads.
#include "clearhead/compute/rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "clearhead/base/half.h"
#include "clearhead/compute/cross_entropy.h"
#include "clearhead/compute/dropout.h"
#include "clearhead/compute/elementwise.h"
#include "clearhead/compute/embedding.h"
#include "clearhead/compute/norms.h"
#include "clearhead/compute/softmax.h"
#include "tests/compute/matrices.h"

namespace clearhead::compute {
namespace {

using testing::Matrix;

TEST(Rows, SumsAreAddedUpAlike) {
  for (const auto& [R, C] : {std::pair{1, 3}, {500, 7}, {3, 5000}, {700, 130}}) {
    const Matrix<float> x(R, C, 1);
    const Matrix<float> before(1, C, 2);
    Matrix<float> sums = before;
    sum_rows<float>(R, C, x.numbers.data(), sums.numbers.data());
    for (std::int64_t c = 0; c < C; ++c) {
      double expected = static_cast<double>(before.view().at(0, c));
      for (std::int64_t r = 0; r < R; ++r) expected += static_cast<double>(x.view().at(r, c));
      ASSERT_NEAR(static_cast<double>(sums.view().at(0, c)), expected, 1e-6 * R) << R << "×" << C;
    }
    for (const int threads : {1, 3}) {
      const testing::Threads some(threads);
      Matrix<float> again = before;
      sum_rows<float>(R, C, x.numbers.data(), again.numbers.data());
      EXPECT_EQ(again.numbers, sums.numbers);
    }
  }
}

TEST(Rows, SixteenBitsAreAddedInThirtyTwo) {
  const std::vector<bf16> x(1000, bf16(1.0F));
  bf16 sum(0.0F);
  sum_rows<bf16>(1000, 1, x.data(), &sum);
  EXPECT_EQ(static_cast<float>(sum), 1000);  // in bf16 alone it stays at 256
  f16 y(1.0F);
  const f16 small(0x1p-12F);
  add<f16>(1, &small, &y);
  EXPECT_EQ(static_cast<float>(y), 1);
}

// So many rows of C numbers that several threads take them.
constexpr std::int64_t kRows = 700, kC = 130;

TEST(Rows, OfASoftmaxGoThereAndBack) {
  const Matrix<float> x(kRows, kC, 1), d_p(kRows, kC, 2);
  Matrix<float> p(kRows, kC, 3), max(kRows, 1, 4), sum(kRows, 1, 5), d_x(kRows, kC, 6);
  const Matrix<float> before = d_x;
  softmax<float>(kRows, kC, x.numbers.data(), p.numbers.data(), max.numbers.data(),
                 sum.numbers.data());
  softmax_backward<float>(kRows, kC, p.numbers.data(), d_p.numbers.data(), d_x.numbers.data());
  for (const std::int64_t r : {std::int64_t{0}, kRows / 2, kRows - 1}) {
    double largest = -std::numeric_limits<double>::infinity(), total = 0, dot = 0;
    for (std::int64_t c = 0; c < kC; ++c) {
      largest = std::max(largest, static_cast<double>(x.view().at(r, c)));
    }
    for (std::int64_t c = 0; c < kC; ++c) {
      total += std::exp(static_cast<double>(x.view().at(r, c)) - largest);
    }
    for (std::int64_t c = 0; c < kC; ++c) {
      const double weight = std::exp(static_cast<double>(x.view().at(r, c)) - largest) / total;
      ASSERT_NEAR(static_cast<double>(p.view().at(r, c)), weight, 1e-6);
      dot += weight * static_cast<double>(d_p.view().at(r, c));
    }
    ASSERT_EQ(static_cast<double>(max.view().at(r, 0)), largest);
    ASSERT_NEAR(static_cast<double>(sum.view().at(r, 0)), total, 1e-4);
    for (std::int64_t c = 0; c < kC; ++c) {
      const double added =
          static_cast<double>(p.view().at(r, c)) * (static_cast<double>(d_p.view().at(r, c)) - dot);
      ASSERT_NEAR(static_cast<double>(d_x.view().at(r, c) - before.view().at(r, c)), added, 1e-6);
    }
  }
}

// Gradients of a norm's weights are sums over all rows, those of its rows are added or written
// over.
TEST(Rows, OfANormGiveTheSameForAllThreads) {
  const Matrix<float> x(kRows, kC, 1), d_y(kRows, kC, 2), weight(1, kC, 3);
  const RowNorm<float> layer = {/*centered=*/true, kC, weight.numbers.data(), nullptr, 1e-5};
  const auto backward = [&](bool add) {
    Matrix<float> y(kRows, kC, 4), mean(kRows, 1, 5), scale(kRows, 1, 6);
    Matrix<float> d_x(kRows, kC, 7), d_w(1, kC, 8), d_b(1, kC, 9);
    norm<float>(layer, kRows, x.numbers.data(), y.numbers.data(), mean.numbers.data(),
                scale.numbers.data());
    norm_backward<float>(layer, kRows, x.numbers.data(), mean.numbers.data(), scale.numbers.data(),
                         d_y.numbers.data(), {d_x.numbers.data(), add}, d_w.numbers.data(),
                         d_b.numbers.data());
    return std::array{d_x, d_w, d_b};
  };
  const auto added = backward(true), written = backward(false);
  const Matrix<float> before(kRows, kC, 7), bias_before(1, kC, 9);
  for (std::size_t i = 0; i < before.numbers.size(); ++i) {
    ASSERT_NEAR(added[0].numbers[i] - before.numbers[i], written[0].numbers[i], 1e-5F);
  }
  for (std::int64_t c = 0; c < kC; ++c) {
    double sum = static_cast<double>(bias_before.view().at(0, c));
    for (std::int64_t r = 0; r < kRows; ++r) sum += static_cast<double>(d_y.view().at(r, c));
    ASSERT_NEAR(static_cast<double>(written[2].view().at(0, c)), sum, 1e-4);
  }
  for (const int threads : {1, 3}) {
    const testing::Threads some(threads);
    const auto again = backward(false);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(again[i].numbers, written[i].numbers);
  }
}

TEST(Rows, OfABatchNormAreCentred) {
  const Matrix<double> x(kRows, kC, 1);
  std::vector<double> mean(kC), variance(kC), ones(kC, 1), zeros(kC), y(kRows * kC);
  batch_statistics<double>(kRows, kC, x.numbers.data(), mean.data(), variance.data());
  batch_norm<double>(
      {kRows, kC, x.numbers.data(), mean.data(), variance.data(), ones.data(), 0, true},
      zeros.data(), y.data());
  for (std::int64_t c = 0; c < kC; ++c) {
    double sum = 0, squares = 0;
    for (std::int64_t r = 0; r < kRows; ++r) {
      const double number = y[static_cast<std::size_t>(r * kC + c)];
      sum += number;
      squares += number * number;
    }
    ASSERT_NEAR(sum / kRows, 0, 1e-12);
    ASSERT_NEAR(squares / kRows, 1, 1e-12);
  }
}

TEST(Rows, OfIgnoredTargetsHaveNoLossWhateverTheyHold) {
  Matrix<float> logits(kRows, kC, 1);
  std::vector<std::int64_t> targets(kRows, 3);
  for (std::size_t r = 0; r < kRows; r += 2) targets[r] = -7;
  for (std::int64_t c = 0; c < kC; ++c) {
    logits.view().at(0, c) = std::numeric_limits<float>::quiet_NaN();
  }
  const CrossEntropy<float> rows = {kRows, kC, logits.numbers.data(), targets.data(), -7, 0.1};
  std::vector<float> losses(kRows, 9), max(kRows), sum(kRows), d(kRows, 0.5F);
  Matrix<float> d_logits(kRows, kC, 2);
  const Matrix<float> before = d_logits;
  cross_entropy<float>(rows, losses.data(), max.data(), sum.data());
  cross_entropy_backward<float>(rows, max.data(), sum.data(), d.data(), d_logits.numbers.data());
  for (std::int64_t r = 0; r < kRows; ++r) {
    const auto at = static_cast<std::size_t>(r);
    if (r % 2 == 0) {
      EXPECT_EQ(losses[at], 0);
      EXPECT_EQ(d_logits.view().at(r, 5), before.view().at(r, 5));
      continue;
    }
    EXPECT_GT(losses[at], 0);
    double change = 0;  // Σ softmax − Σ q = 0
    for (std::int64_t c = 0; c < kC; ++c) {
      change += static_cast<double>(d_logits.view().at(r, c) - before.view().at(r, c));
    }
    EXPECT_NEAR(change, 0, 1e-5);
  }
}

TEST(Rows, DropoutKeepsTheSameForAllThreads) {
  const std::int64_t n = 100003;
  const KeptBits kept(n, 1, 2, 16384);  // one in four goes
  const Matrix<float> x(1, n, 1), a(1, n, 2);
  Matrix<float> y(1, n, 3), z(1, n, 4);
  dropout<float>(n, x.numbers.data(), kept, 2, y.numbers.data());
  dropout_add<float>(n, a.numbers.data(), x.numbers.data(), kept, 2, z.numbers.data());
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    count += kept[i] ? 1 : 0;
    ASSERT_EQ(y.view().at(0, i), kept[i] ? 2 * x.view().at(0, i) : 0);
    ASSERT_EQ(z.view().at(0, i), a.view().at(0, i) + y.view().at(0, i));
  }
  EXPECT_NEAR(static_cast<double>(count) / static_cast<double>(n), 0.75, 0.01);
  const testing::Threads one(1);
  const KeptBits again(n, 1, 2, 16384);
  for (std::int64_t i = 0; i < n; ++i) ASSERT_EQ(again[i], kept[i]);
}

TEST(Rows, OfATableAreFoundAndAddUp) {
  const Matrix<float> table(5, kC, 1);
  std::vector<std::int64_t> tokens(kRows);
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<std::int64_t>(i % 4);
  Matrix<float> y(kRows, kC, 2), d_table(5, kC, 3);
  const Matrix<float> before = d_table;
  embedding<float>(kRows, kC, tokens.data(), table.numbers.data(), y.numbers.data());
  EXPECT_EQ(y.view().at(kRows - 1, 7), table.view().at((kRows - 1) % 4, 7));
  const std::vector<float> ones(kRows * kC, 1);
  embedding_backward<float>(kRows, kC, tokens.data(), ones.data(), d_table.numbers.data());
  for (std::int64_t c = 0; c < kC; ++c) {
    EXPECT_NEAR(d_table.view().at(1, c) - before.view().at(1, c), kRows / 4, 1e-3);
    EXPECT_EQ(d_table.view().at(4, c), before.view().at(4, c));
  }
}

TEST(Rows, FunctionsAndTheirGradientsGoInto) {
  const std::int64_t n = 40001;
  const Matrix<double> x(1, n, 1), d_y(1, n, 2), before(1, n, 3);
  Matrix<double> y(1, n, 4), added = before, written(1, n, 5);
  apply<double>(UnaryFunction::tanh, n, x.numbers.data(), y.numbers.data());
  apply_backward<double>(UnaryFunction::tanh, n, x.numbers.data(), d_y.numbers.data(),
                         {added.numbers.data(), true});
  apply_backward<double>(UnaryFunction::tanh, n, x.numbers.data(), d_y.numbers.data(),
                         {written.numbers.data(), false});
  apply_backward<double>(UnaryFunction::tanh, n, x.numbers.data(), d_y.numbers.data(), {});
  for (std::int64_t i = 0; i < n; i += 97) {
    const double tanh = std::tanh(x.view().at(0, i));
    ASSERT_NEAR(y.view().at(0, i), tanh, 1e-15);
    ASSERT_NEAR(written.view().at(0, i), d_y.view().at(0, i) * (1 - tanh * tanh), 1e-14);
    ASSERT_NEAR(added.view().at(0, i), before.view().at(0, i) + written.view().at(0, i), 1e-14);
  }
}

}  // namespace
}  // namespace clearhead::compute
