// y = x · σ(x),  σ(x) = 1 / (1 + exp(−x))
//
//     ∂L/∂x = ∂L/∂y · (σ(x) + x·σ'(x)),  σ'(x) = σ(x)·(1 − σ(x))
//
// Source: Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units" (2017), equations 5 and 10.
#include "clearhead/ops/silu.h"

#include <cmath>

#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {

Var silu(const Var& x) {
  require_same_float("silu", {x});
  const Tensor x_value = x.value().contiguous();
  const Tensor y_value = apply(UnaryFunction::silu, x_value);  // y = x · σ(x)
  return x.tape().record("silu", {x}, y_value, [&](Record& op) {
    op.formula = "silu({0})";
    op.backward = [x_value](const Tensor& d_y, Gradients& gradients) {
      apply_backward(UnaryFunction::silu, x_value, d_y, gradients);  // y = x · σ(x)
    };
    op.explain = [](const Var& y, const Index& index) {
      const Operand from = operand(y.input(0), index);
      const double s = 1 / (1 + std::exp(-from.value));
      return Calculation{
          {from}, format_number(from.value) + " · " + format_number(s) + " (σ)", from.value * s};
    };
  });
}

}  // namespace clearhead
