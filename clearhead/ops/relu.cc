// y = max(x, 0)
//
//     ∂L/∂x = ∂L/∂y where y > 0, else 0
//
// The slope at 0 counts as 0, so that y is enough for backward; the next layer keeps y anyway.
#include "clearhead/ops/relu.h"

#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {

Var relu(const Var& x) {
  require_same_float("relu", {x});
  const Tensor y_value = map(x.value(), [](auto number) {  // y = max(x, 0)
    return number < 0 ? decltype(number){0} : number;
  });
  return x.tape().record("relu", {x}, y_value, [](Record& op) {
    op.formula = "max({0}, 0)";
    op.backward = [y = op.value](const Tensor& d_y, Gradients& gradients) {
      add_gradient(gradients, 0, d_y, y, [](auto d, auto number) {  // y = max(x, 0)
        return number > 0 ? d : decltype(d){0};
      });
    };
    op.explain = [](const Var& y, const Index& index) {
      const Operand from = operand(y.input(0), index);
      return Calculation{
          {from}, "max(" + format_number(from.value) + ", 0)", from.value < 0 ? 0.0 : from.value};
    };
  });
}

}  // namespace clearhead
