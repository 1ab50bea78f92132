// The tables of activations err as little as they promise, wherever x lies.
#include "clearhead/kernels/rows/activation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "clearhead/kernels/rows/elementwise.h"

namespace clearhead::kernels {
namespace {

constexpr std::int64_t kSegments = ActivationTable::kSegments;

// The cubic of x's segment, as activation.h says, in f32.
float cubic(const ActivationTable& table, const float (&numbers)[4][kSegments], float x) {
  const float u = std::min(std::abs(x) * table.steps, static_cast<float>(kSegments - 1));
  const float i = std::nearbyint(u);
  float sum = 0;
  for (int k = 3; k >= 0; --k) sum = sum * (u - i) + numbers[k][static_cast<std::int64_t>(i)];
  return sum;
}

void expect_table(Activation activation, UnaryFunction function, double error) {
  const ActivationTable* const table = activation_table(activation);
  ASSERT_NE(table, nullptr);
  for (int i = -40010; i <= 40010; ++i) {
    const float x =
        std::abs(i) > 40000 ? static_cast<float>(i % 10) * 1e6F : static_cast<float>(i) / 1000;
    const double exact_x = static_cast<double>(x), one = 1;
    double value = 0, slope = 0;
    scalar::apply(function, 1, &exact_x, &value);
    scalar::apply_backward(function, 1, &exact_x, &one, &slope, /*accumulate=*/false);
    const float f = x / 2 + std::abs(x) * cubic(*table, table->gate, x);
    const float f_slope = 0.5F + std::copysign(1.0F, x) * cubic(*table, table->slope, x);
    ASSERT_NEAR(static_cast<double>(f), value, error * std::max(1.0, std::abs(exact_x))) << x;
    ASSERT_NEAR(static_cast<double>(f_slope), slope, error) << x;
  }
}

TEST(ActivationTable, Gelu) { expect_table(Activation::gelu, UnaryFunction::gelu, 5e-6); }
TEST(ActivationTable, GeluTanh) {
  expect_table(Activation::gelu_tanh, UnaryFunction::gelu_tanh, 5e-6);
}
TEST(ActivationTable, Silu) { expect_table(Activation::silu, UnaryFunction::silu, 2e-5); }
TEST(ActivationTable, ReluNeedsNone) { EXPECT_EQ(activation_table(Activation::relu), nullptr); }

}  // namespace
}  // namespace clearhead::kernels
