// y = tanh(x)
//
//     ∂L/∂x = ∂L/∂y · (1 − y²)
#include "clearhead/ops/tanh.h"

#include <cmath>

#include "clearhead/ops/elementwise.h"

namespace clearhead {

Var tanh(const Var& x) {
  require_same_float("tanh", {x});

  Operation op{.kind = "tanh", .formula = "tanh({0})", .inputs = {x}};
  op.value = apply(compute::Function::tanh, x.value().contiguous());  // y = tanh(x)
  op.backward = [y = op.value](const Tensor& d_y, Gradients& gradients) {
    add_gradient(gradients, 0, d_y, y, [](auto d, auto number) {
      return d * (1 - number * number);  // y = tanh(x)
    });
  };
  op.explain = [x](const Index& index) {
    const Operand from = operand(x, index);
    return Calculation{{from}, "tanh(" + format_number(from.value) + ")", std::tanh(from.value)};
  };
  return x.tape().record(std::move(op));
}

}  // namespace clearhead
