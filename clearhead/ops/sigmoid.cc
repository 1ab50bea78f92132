// y = 1 / (1 + exp(−x))
//
//     ∂L/∂x = ∂L/∂y · y·(1 − y)
#include "clearhead/ops/sigmoid.h"

#include <cmath>

#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {

Var sigmoid(const Var& x) {
  require_same_float("sigmoid", {x});
  const Tensor y_value =  // y = 1 / (1 + exp(−x))
      apply(UnaryFunction::sigmoid, x.value().contiguous());
  return x.tape().record("sigmoid", {x}, y_value, [](Record& op) {
    op.formula = "sigmoid({0})";
    op.backward = [y = op.value](const Tensor& d_y, Gradients& gradients) {
      add_gradient(gradients, 0, d_y, y, [](auto d, auto number) {
        return d * number * (1 - number);  // y = 1 / (1 + exp(−x))
      });
    };
    op.explain = [](const Var& y, const Index& index) {
      const Operand from = operand(y.input(0), index);
      return Calculation{{from},
                         "1 / (1 + exp(" + format_number(-from.value) + "))",
                         1 / (1 + std::exp(-from.value))};
    };
  });
}

}  // namespace clearhead
