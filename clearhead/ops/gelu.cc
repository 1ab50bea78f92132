// y = x · Φ(x)
//
//     exact:        Φ(x) = (1 + erf(x/√2)) / 2
//     approximate:  Φ(x) ≈ (1 + tanh(u)) / 2,  u = √(2/π) · (x + 0.044715·x³)
//
//     ∂L/∂x = ∂L/∂y · (Φ(x) + x·Φ'(x)): kernels/rows/elementwise_scalar.cc
//
// Source: Hendrycks and Gimpel, "Gaussian error linear units" (2016), section 2.
#include "clearhead/ops/gelu.h"

#include <cmath>
#include <numbers>

#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {
namespace {

// Φ(x)
double distribution(double x, bool tanh_approximation) {
  // erfc, because 1 + erf(x) loses its digits for x far below 0
  if (!tanh_approximation) return std::erfc(-x * std::numbers::sqrt2 / 2) / 2;
  const double u = std::sqrt(2 * std::numbers::inv_pi) * (x + 0.044715 * x * x * x);
  return (1 + std::tanh(u)) / 2;
}

}  // namespace

Var gelu(const Var& x, bool tanh_approximation) {
  require_same_float("gelu", {x});
  const auto function = tanh_approximation ? UnaryFunction::gelu_tanh : UnaryFunction::gelu;
  const Tensor x_value = x.value().contiguous();
  const Tensor y_value = apply(function, x_value);  // y = x · Φ(x)
  return x.tape().record("gelu", {x}, y_value, [&](Record& op) {
    op.formula = tanh_approximation ? "gelu_tanh({0})" : "gelu({0})";
    op.backward = [x_value, function](const Tensor& d_y, Gradients& gradients) {
      apply_backward(function, x_value, d_y, gradients);  // y = x · Φ(x)
    };
    op.explain = [tanh_approximation](const Var& y, const Index& index) {
      const Operand from = operand(y.input(0), index);
      const double phi = distribution(from.value, tanh_approximation);
      return Calculation{{from},
                         format_number(from.value) + " · " + format_number(phi) +
                             (tanh_approximation ? " (Φ by tanh)" : " (Φ)"),
                         from.value * phi};
    };
  });
}

}  // namespace clearhead
