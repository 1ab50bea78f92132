// Norms of rows: the formula, its gradient, and agreement with f64 on every target, for every size
// and misalignment.
#include "clearhead/kernels/rows/norm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "arrays.h"
#include "clearhead/base/workspace.h"
#include "targets.h"

namespace clearhead::kernels {
namespace {

using clearhead::testing::in_f64;
using clearhead::testing::Misaligned;
using clearhead::testing::random_floats;

constexpr double kEpsilon = 1e-5;

void expect_near(const std::vector<float>& got, const std::vector<double>& expected,
                 double tolerance) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(static_cast<double>(got[i]), expected[i],
                tolerance * std::max(1.0, std::abs(expected[i])))
        << "at " << i;
  }
}

TEST(Norm, IsTheFormula) {
  const double x[] = {1, 2, 6}, weight[] = {1, 2, 3}, bias[] = {0.5, 0, 0};
  double y[3], mean, scale;
  norm(RowNorm<double>{true, 3, weight, bias, 1.0}, 1, x, y, &mean, &scale);
  EXPECT_EQ(mean, 3);
  EXPECT_DOUBLE_EQ(scale, 1 / std::sqrt((4 + 1 + 9) / 3.0 + 1));
  EXPECT_DOUBLE_EQ(y[0], -2 * scale + 0.5);
  EXPECT_DOUBLE_EQ(y[2], 3 * scale * 3);
  norm(RowNorm<double>{false, 3, nullptr, nullptr, 1.0}, 1, x, y, nullptr, &scale);
  EXPECT_DOUBLE_EQ(scale, 1 / std::sqrt((1 + 4 + 36) / 3.0 + 1));
  EXPECT_DOUBLE_EQ(y[1], 2 * scale);
}

TEST(Norm, BackwardIsTheSlope) {
  constexpr std::int64_t C = 5;
  constexpr double kStep = 1e-6;
  const std::vector<double> x = in_f64(random_floats(C, 1)), d_y = in_f64(random_floats(C, 2));
  const std::vector<double> w = in_f64(random_floats(C, 3)), b = in_f64(random_floats(C, 4));
  for (const bool centered : {true, false}) {
    // Σ d_y·y at the given numbers
    const auto loss = [&](const std::vector<double>& at, const std::vector<double>& weight,
                          const std::vector<double>& bias) {
      std::vector<double> y(C);
      double mean, scale, sum = 0;
      norm(RowNorm<double>{centered, C, weight.data(), bias.data(), kEpsilon}, 1, at.data(),
           y.data(), &mean, &scale);
      for (std::size_t c = 0; c < C; ++c) sum += d_y[c] * y[c];
      return sum;
    };
    const RowNorm<double> n{centered, C, w.data(), b.data(), kEpsilon};
    std::vector<double> y(C), d_x(C, 10), d_w(C, 20), d_b(C, 30);  // backward adds
    double mean, scale;
    norm(n, 1, x.data(), y.data(), &mean, &scale);
    norm_backward(n, 1, x.data(), &mean, &scale, d_y.data(), d_x.data(), d_w.data(), d_b.data());
    for (std::size_t c = 0; c < C; ++c) {
      const auto slope = [&](std::vector<double> numbers, const auto& f) {
        numbers[c] += kStep;
        const double above = f(numbers);
        numbers[c] -= 2 * kStep;
        return (above - f(numbers)) / (2 * kStep);
      };
      // The step's square, and rounding divided by the step.
      EXPECT_NEAR(d_x[c] - 10, slope(x, [&](auto& v) { return loss(v, w, b); }), 1e-7);
      EXPECT_NEAR(d_w[c] - 20, slope(w, [&](auto& v) { return loss(x, v, b); }), 1e-7);
      EXPECT_NEAR(d_b[c] - 30, slope(b, [&](auto& v) { return loss(x, w, v); }), 1e-7);
    }
  }
}

// Forward and backward of `rows` rows in f32 and f64; each array at a shift of its own.
void expect_agreement(bool centered, bool affine, std::int64_t rows, std::int64_t C,
                      std::int64_t shift) {
  SCOPED_TRACE(::testing::Message() << "centered " << centered << " affine " << affine << " C " << C
                                    << " shift " << shift);
  const std::vector<float> x = random_floats(rows * C, 1, 2), d_y = random_floats(rows * C, 2),
                           w = random_floats(C, 3), b = random_floats(C, 4);
  const std::vector<double> w64 = in_f64(w), b64 = in_f64(b), x64 = in_f64(x), d_y64 = in_f64(d_y);
  const RowNorm<double> n64{centered, C, affine ? w64.data() : nullptr,
                            affine ? b64.data() : nullptr, kEpsilon};
  const auto size = static_cast<std::size_t>(rows * C), width = static_cast<std::size_t>(C);
  std::vector<double> y64(size), mean64(size), scale64(size), d_x64(size, 1), d_w64(width, 2),
      d_b64(width, 3);
  scalar::norm(n64, rows, x64.data(), y64.data(), mean64.data(), scale64.data());
  scalar::norm_backward(n64, rows, x64.data(), mean64.data(), scale64.data(), d_y64.data(),
                        d_x64.data(), d_w64.data(), d_b64.data());

  Misaligned from(x, shift), d_from(d_y, (shift + 1) % 16), weight(w, (shift + 2) % 16),
      bias(b, (shift + 3) % 16), y(std::vector<float>(size), (shift + 4) % 16),
      d_x(std::vector<float>(size, 1), (shift + 5) % 16),
      d_w(std::vector<float>(width, 2), (shift + 6) % 16),
      d_b(std::vector<float>(width, 3), (shift + 7) % 16);
  const RowNorm<float> n{centered, C, affine ? weight.data() : nullptr,
                         affine ? bias.data() : nullptr, kEpsilon};
  std::vector<float> mean(size), scale(size);
  norm(n, rows, from.data(), y.data(), mean.data(), scale.data());
  norm_backward(n, rows, from.data(), mean.data(), scale.data(), d_from.data(), d_x.data(),
                d_w.data(), d_b.data());
  // A handful of roundings of numbers around 4, times a scale of up to 1/√epsilon where C is 1.
  expect_near(y.values(), y64, 4e-6);
  expect_near(d_x.values(), d_x64, C < 4 ? 1e-3 : 4e-6);
  expect_near(d_w.values(), d_w64, 4e-6);
  expect_near(d_b.values(), d_b64, 4e-6);
  for (Misaligned* array : {&y, &d_x, &d_w, &d_b}) array->expect_guards();
}

TEST(Norm, GivesTheSamePastTheCaches) {
  for (const std::int64_t C : {32, 33}) {  // whole vectors or not
    const std::vector<float> x = random_floats(3 * C, 1), w = random_floats(C, 2);
    const RowNorm<float> n{true, C, w.data(), w.data(), kEpsilon};
    float mean[3], scale[3];
    testing::for_each_target([&] {
      std::vector<float> expected(x.size());
      norm(n, 3, x.data(), expected.data(), mean, scale);
      const Workspace<float> y(3 * C);
      norm(n, 3, x.data(), y.get(), mean, scale, /*past_caches=*/true);
      EXPECT_TRUE(std::equal(expected.begin(), expected.end(), y.get())) << C;
    });
  }
}

TEST(Norm, AgreesWithF64ForEverySizeAndMisalignment) {
  testing::for_each_target([] {
    testing::for_each_size_and_shift([](std::int64_t C, std::int64_t shift) {
      if (C == 0) return;
      for (const bool centered : {true, false}) {
        for (const bool affine : {true, false}) expect_agreement(centered, affine, 3, C, shift);
      }
    });
  });
}

TEST(Norm, LargeAndShiftedRowsKeepTheirDigits) {
  testing::for_each_target([] {
    // 10⁵ times 1 and 3: mean 2 and deviation 1, whatever the length.
    constexpr std::int64_t C = 1 << 20;
    std::vector<float> x(C), y(C);
    for (std::size_t c = 0; c < C; ++c) x[c] = 1e5F + (c % 2 == 0 ? 1.0F : 3.0F);
    float mean, scale;
    norm(RowNorm<float>{true, C, nullptr, nullptr, 0}, 1, x.data(), y.data(), &mean, &scale);
    EXPECT_EQ(mean, 100002.0F);
    EXPECT_EQ(scale, 1.0F);
    // Squares beyond the largest f32.
    const float huge[] = {1e30F, -1e30F};
    norm(RowNorm<float>{false, 2, nullptr, nullptr, 0}, 1, huge, y.data(), nullptr, &scale);
    EXPECT_FLOAT_EQ(scale, 1e-30F);
    EXPECT_FLOAT_EQ(y[1], -1);
  });
}

TEST(Norm, GradientsThatAreNotAskedForAreLeftOut) {
  testing::for_each_target([] {
    const std::vector<float> x = random_floats(12, 1), d_y = random_floats(12, 2);
    const RowNorm<float> n{true, 4, nullptr, nullptr, kEpsilon};
    std::vector<float> y(12), d_x(12), d_w(4), only_x(12), only_w(4);
    float mean[3], scale[3];
    norm(n, 3, x.data(), y.data(), mean, scale);
    norm_backward(n, 3, x.data(), mean, scale, d_y.data(), d_x.data(), d_w.data(), nullptr);
    norm_backward(n, 3, x.data(), mean, scale, d_y.data(), only_x.data(), nullptr, nullptr);
    norm_backward(n, 3, x.data(), mean, scale, d_y.data(), nullptr, only_w.data(), nullptr);
    EXPECT_EQ(d_x, only_x);
    EXPECT_EQ(d_w, only_w);
  });
}

TEST(Norm, AddRowsAddsInTheOrderOfTheRows) {
  testing::for_each_target([] {
    testing::for_each_size_and_shift([](std::int64_t C, std::int64_t shift) {
      const std::vector<float> x = random_floats(5 * C, 1);
      std::vector<float> expected(static_cast<std::size_t>(C), 1);
      scalar::add_rows(5, C, x.data(), expected.data());
      Misaligned from(x, shift), sums(std::vector<float>(expected.size(), 1), (shift + 1) % 16);
      add_rows(5, C, from.data(), sums.data());
      ASSERT_EQ(sums.values(), expected);
      sums.expect_guards();
    });
  });
}

TEST(SumOfSquares, IsInF64AtEverySizeAndShift) {
  clearhead::testing::for_each_size_and_shift([](std::int64_t n, std::int64_t shift) {
    for (const float size : {1.0F, 1e30F}) {  // whose square is no f32
      std::vector<float> x = clearhead::testing::random_floats(n, 5, static_cast<double>(size));
      double expected = 0;
      for (const float number : x) {
        expected += static_cast<double>(number) * static_cast<double>(number);
      }
      clearhead::testing::Misaligned at(x, shift);
      clearhead::testing::for_each_target(
          [&] { EXPECT_NEAR(sum_of_squares(n, at.data()), expected, 1e-14 * expected) << n; });
    }
  });
}

}  // namespace
}  // namespace clearhead::kernels
