// The functions keep to their stated errors over all of f32, on every target, for every size and
// misalignment.
#include "clearhead/kernels/rows/elementwise.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "arrays.h"
#include "targets.h"

namespace clearhead::kernels {
namespace {

using clearhead::testing::in_f64;
using clearhead::testing::Misaligned;
using clearhead::testing::random_floats;

constexpr UnaryFunction kFunctions[] = {UnaryFunction::exp,     UnaryFunction::tanh,
                                        UnaryFunction::sigmoid, UnaryFunction::silu,
                                        UnaryFunction::gelu,    UnaryFunction::gelu_tanh};

// Numbers of every exponent and sign, subnormals, infinities and NaN; and close to each other where
// the functions bend.
std::vector<float> wide_range() {
  std::vector<float> x;
  for (std::uint64_t bits = 0; bits < std::uint64_t{1} << 32; bits += 199999) {
    x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
  for (int i = -20000; i <= 20000; ++i) x.push_back(static_cast<float>(i) * 0.00101F);
  for (int i = -5500; i <= 5500; ++i) x.push_back(static_cast<float>(i) * 0.0191F);
  x.insert(x.end(),
           {INFINITY, -INFINITY, NAN, -NAN, 0.0F, -0.0F, 88.72F, 88.73F, -103.9F, -104.1F});
  return x;
}

// As elementwise.h states it.
double value_error(UnaryFunction f, double x) {
  if (f == UnaryFunction::exp) return 2e-7;
  if (f == UnaryFunction::tanh) return 3e-7;
  if (f == UnaryFunction::gelu && current_target() == Target::baseline && x < -2) return 2e-5;
  if (f == UnaryFunction::gelu) return 5e-7;
  if (f != UnaryFunction::gelu_tanh) return 4e-7;
  const double u = 0.7978845608 * (x + 0.044715 * x * x * x);
  return 4e-7 * (1 + std::abs(u));
}

// 0 where subnormal results may come out as 0, else what a result is rounded to at least.
double smallest_kept(UnaryFunction f) { return f == UnaryFunction::exp ? 0x1p-149 : 0x1p-119; }

TEST(Elementwise, ValuesKeepToTheStatedError) {
  const std::vector<float> x = wide_range();
  const auto n = static_cast<std::int64_t>(x.size());
  std::vector<float> y(x.size());
  std::vector<double> exact(x.size());
  testing::for_each_target([&] {
    for (const UnaryFunction f : kFunctions) {
      SCOPED_TRACE("function " + std::to_string(static_cast<int>(f)));
      apply(f, n, x.data(), y.data());
      scalar::apply(f, n, in_f64(x).data(), exact.data());
      for (std::size_t i = 0; i < x.size(); ++i) {
        const auto rounded = static_cast<float>(exact[i]);
        if (std::isnan(rounded)) {
          ASSERT_TRUE(std::isnan(y[i])) << "at " << x[i];
        } else if (std::isinf(rounded)) {
          ASSERT_EQ(y[i], rounded) << "at " << x[i];
        } else {
          const double allowed = std::abs(exact[i]) * value_error(f, static_cast<double>(x[i]));
          ASSERT_NEAR(static_cast<double>(y[i]), exact[i], std::max(allowed, smallest_kept(f)))
              << "at " << x[i];
        }
      }
    }
  });
}

TEST(Elementwise, SlopesKeepToTheStatedError) {
  const std::vector<float> x = wide_range();
  const auto n = static_cast<std::int64_t>(x.size());
  const std::vector<float> d_y(x.size(), 1.0F);
  std::vector<double> exact(x.size());
  testing::for_each_target([&] {
    for (const UnaryFunction f : kFunctions) {
      SCOPED_TRACE("function " + std::to_string(static_cast<int>(f)));
      std::vector<float> d_x(x.size(), 0.0F);
      apply_backward(f, n, x.data(), d_y.data(), d_x.data(), false);
      scalar::apply_backward(f, n, in_f64(x).data(), in_f64(d_y).data(), exact.data(), false);
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (!std::isfinite(x[i]) || !std::isfinite(static_cast<float>(exact[i]))) {
          ASSERT_EQ(std::isnan(x[i]) && !std::isnan(d_x[i]), false);
          continue;
        }
        ASSERT_NEAR(static_cast<double>(d_x[i]), exact[i], 3e-7 * std::max(1.0, std::abs(exact[i])))
            << "at " << x[i];
      }
    }
  });
}

TEST(Elementwise, SlopesAreThoseOfTheValues) {
  // Central differences in f64: the step's square and, divided by it, the rounding.
  constexpr double kStep = 1e-5;
  for (const UnaryFunction f : kFunctions) {
    for (const double x : {-3.1, -0.75, 0.0, 0.4, 2.5}) {
      const double around[2] = {x - kStep, x + kStep};
      double y[2];
      apply(f, 2, around, y);
      double slope = 10;
      const double d_y = 2;
      apply_backward(f, 1, &x, &d_y, &slope, /*accumulate=*/true);
      EXPECT_NEAR(slope, 10 + 2 * (y[1] - y[0]) / (2 * kStep), 1e-8) << x;
    }
  }
}

TEST(Elementwise, PlaceAndNumberDoNotMatter) {
  testing::for_each_target([] {
    for (const UnaryFunction f : kFunctions) {
      testing::for_each_size_and_shift([f](std::int64_t n, std::int64_t shift) {
        const std::vector<float> x = random_floats(n, 1, 3), d_y = random_floats(n, 2);
        std::vector<float> y(x.size()), d_x(x.size(), 7.0F);
        for (std::size_t i = 0; i < x.size(); ++i) {
          apply(f, 1, &x[i], &y[i]);
          apply_backward(f, 1, &x[i], &d_y[i], &d_x[i], /*accumulate=*/true);
        }
        Misaligned in_place(x, shift), from(x, shift), d_from(d_y, (shift + 3) % 16),
            d_to(std::vector<float>(x.size(), 7.0F), (shift + 1) % 16);
        apply(f, n, in_place.data(), in_place.data());
        apply_backward(f, n, from.data(), d_from.data(), d_to.data(), /*accumulate=*/true);
        ASSERT_EQ(in_place.values(), y);
        ASSERT_EQ(d_to.values(), d_x);
        in_place.expect_guards();
        d_to.expect_guards();
        Misaligned written(x, (shift + 1) % 16);
        apply_backward(f, n, from.data(), d_from.data(), written.data(), /*accumulate=*/false);
        for (std::size_t i = 0; i < x.size(); ++i) {
          apply_backward(f, 1, &x[i], &d_y[i], &d_x[i], /*accumulate=*/false);
        }
        ASSERT_EQ(written.values(), d_x);
        written.expect_guards();
      });
    }
  });
}

}  // namespace
}  // namespace clearhead::kernels
