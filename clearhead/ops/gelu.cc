// y = x · Φ(x)
//
//     exact:        Φ(x) = (1 + erf(x/√2)) / 2
//     approximate:  Φ(x) ≈ (1 + tanh(u)) / 2,  u = √(2/π) · (x + 0.044715·x³)
//
//     ∂L/∂x = ∂L/∂y · (Φ(x) + x·Φ'(x))
//     exact:        Φ'(x) = exp(−x²/2) / √(2π)
//     approximate:  Φ'(x) = (1 − tanh²(u)) / 2 · u',  u' = √(2/π) · (1 + 3·0.044715·x²)
//
// Source: Hendrycks and Gimpel, "Gaussian error linear units" (2016), section 2.
#include "clearhead/ops/gelu.h"

#include <cmath>
#include <numbers>

#include "clearhead/ops/elementwise.h"

namespace clearhead {
namespace {

const double kSqrtHalf = std::numbers::sqrt2 / 2;
const double kSqrtTwoOverPi = std::sqrt(2 * std::numbers::inv_pi);
constexpr double kCubic = 0.044715;

template <typename T>
T tanh_u(T x) {
  return std::tanh(static_cast<T>(kSqrtTwoOverPi) * (x + static_cast<T>(kCubic) * x * x * x));
}

// Φ(x)
template <typename T>
T distribution(T x, bool tanh_approximation) {
  if (tanh_approximation) return (1 + tanh_u(x)) / 2;
  // erfc, because 1 + erf(x) loses its digits for x far below 0
  return std::erfc(-x * static_cast<T>(kSqrtHalf)) / 2;
}

// Φ'(x)
template <typename T>
T density(T x, bool tanh_approximation) {
  if (!tanh_approximation) {
    return std::exp(-x * x / 2) * static_cast<T>(kSqrtHalf * std::sqrt(std::numbers::inv_pi));
  }
  const T tanh = tanh_u(x);
  return (1 - tanh * tanh) / 2 *
         (static_cast<T>(kSqrtTwoOverPi) * (1 + static_cast<T>(3 * kCubic) * x * x));
}

}  // namespace

Var gelu(const Var& x, bool tanh_approximation) {
  require_same_float("gelu", {x});
  const Tensor x_value = x.value();

  Operation op{.kind = "gelu",
               .formula = tanh_approximation ? "gelu_tanh({0})" : "gelu({0})",
               .inputs = {x}};
  op.value = map(x_value, [=](auto number) {
    return number * distribution(number, tanh_approximation);  // y = x · Φ(x)
  });
  op.backward = [x_value, tanh_approximation](const Tensor& d_y, Gradients& gradients) {
    add_gradient(gradients.of(0), d_y, x_value, [=](auto d, auto number) {
      return d * (distribution(number, tanh_approximation) +      // y = x · …
                  number * density(number, tanh_approximation));  // y = … · Φ(x)
    });
  };
  op.explain = [x, tanh_approximation](const Index& index) {
    const Operand from = operand(x, index);
    const double phi = distribution(from.value, tanh_approximation);
    return Calculation{{from},
                       format_number(from.value) + " · " + format_number(phi) +
                           (tanh_approximation ? " (Φ by tanh)" : " (Φ)"),
                       from.value * phi};
  };
  return x.tape().record(std::move(op));
}

}  // namespace clearhead
