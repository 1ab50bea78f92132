// A step of AdamW: numbers worked out by hand, and agreement with f64 on every target, for every
// size and misalignment.
#include "clearhead/kernels/rows/adamw.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "arrays.h"
#include "targets.h"

namespace clearhead::kernels {
namespace {

using clearhead::testing::in_f64;
using clearhead::testing::Misaligned;
using clearhead::testing::random_floats;

TEST(Adamw, TheFirstStepsAreTheFormula) {
  // In the first step m̂ = d_x and v̂ = d_x², so that x moves by the learning rate against d_x.
  AdamwOptions options{.learning_rate = 0.1, .epsilon = 0, .weight_decay = 0.5};
  const double first = -4;
  double m = 0, v = 0, x = 2;
  adamw(options, 1, &first, &m, &v, &x);
  EXPECT_DOUBLE_EQ(m, -0.4);
  EXPECT_DOUBLE_EQ(v, 0.016);
  EXPECT_DOUBLE_EQ(x, 2 - 0.1 * (-1 + 0.5 * 2));
  options.step = 2;
  const double second = 1;
  const double before = x;
  adamw(options, 1, &second, &m, &v, &x);
  const double m_hat = (0.9 * -0.4 + 0.1) / (1 - 0.81);
  const double v_hat = (0.999 * 0.016 + 0.001) / (1 - 0.999 * 0.999);
  EXPECT_NEAR(x, before - 0.1 * (m_hat / std::sqrt(v_hat) + 0.5 * before), 1e-14);
}

TEST(Adamw, AParameterWithoutGradientOnlyDecays) {
  testing::for_each_target([] {
    const float d_x = 0;
    float m = 0, v = 0, x = 2;
    adamw({.learning_rate = 0.5, .weight_decay = 0.5}, 1, &d_x, &m, &v, &x);
    EXPECT_EQ(x, 1.5F);
  });
}

TEST(Adamw, AgreesWithF64ForEverySizeAndMisalignment) {
  testing::for_each_target([] {
    testing::for_each_size_and_shift([](std::int64_t n, std::int64_t shift) {
      const std::vector<float> d_x = random_floats(n, 1);
      std::vector<float> v0 = random_floats(n, 3);
      for (float& number : v0) number *= number;
      Misaligned gradient(d_x, shift), m(random_floats(n, 2), (shift + 1) % 16),
          v(v0, (shift + 2) % 16), x(random_floats(n, 4), (shift + 3) % 16);
      std::vector<double> m64 = in_f64(m.values()), v64 = in_f64(v0), x64 = in_f64(x.values());
      for (std::int64_t step = 3; step < 6; ++step) {
        const AdamwOptions options{.learning_rate = 0.01, .step = step};
        adamw(options, n, gradient.data(), m.data(), v.data(), x.data());
        scalar::adamw(options, n, in_f64(d_x).data(), m64.data(), v64.data(), x64.data());
      }
      for (std::size_t i = 0; i < x64.size(); ++i) {
        // Roundings of numbers around 1; the change itself, 0.01·m̂/√v̂, is as exact.
        const double change = 1 + 0.1 * std::abs(m64[i] / std::sqrt(v64[i]));
        ASSERT_NEAR(static_cast<double>(m.values()[i]), m64[i], 1e-6);
        ASSERT_NEAR(static_cast<double>(v.values()[i]), v64[i], 1e-6 * (1 + v64[i]));
        ASSERT_NEAR(static_cast<double>(x.values()[i]), x64[i],
                    1e-6 * change * (1 + std::abs(x64[i])));
      }
      m.expect_guards();
      v.expect_guards();
      x.expect_guards();
    });
  });
}

}  // namespace
}  // namespace clearhead::kernels
