// y = tanh(x)
//
//     ∂L/∂x = ∂L/∂y · (1 − y²)
#include "clearhead/ops/tanh.h"

#include <cmath>

#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {

Var tanh(const Var& x) {
  require_same_float("tanh", {x});
  const Tensor y_value = apply(UnaryFunction::tanh, x.value().contiguous());  // y = tanh(x)
  return x.tape().record("tanh", {x}, y_value, [](Record& op) {
    op.formula = "tanh({0})";
    op.backward = [y = op.value](const Tensor& d_y, Gradients& gradients) {
      add_gradient(gradients, 0, d_y, y, [](auto d, auto number) {
        return d * (1 - number * number);  // y = tanh(x)
      });
    };
    op.explain = [](const Var& y, const Index& index) {
      const Operand from = operand(y.input(0), index);
      return Calculation{{from}, "tanh(" + format_number(from.value) + ")", std::tanh(from.value)};
    };
  });
}

}  // namespace clearhead
