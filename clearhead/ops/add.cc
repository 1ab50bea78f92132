// y = a + b
//
//     a [...A], b [...B], y [...]: the shape that both broadcast to
//     ∂L/∂a = ∂L/∂y, summed over the axes along which a was repeated; b likewise
#include "clearhead/ops/add.h"

#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {

Var add(const Var& a, const Var& b) {
  require_same_float("add", {a, b});
  const Shape shape = broadcast_operands("add", a, b);
  const Tensor y_value =  // y = a + b
      map(a.value(), b.value(), shape, [](auto x, auto y) { return x + y; });
  return a.tape().record("add", {a, b}, y_value, [](Record& op) {
    op.formula = "{0} + {1}";
    op.backward = [](const Tensor& d_y, Gradients& gradients) {
      add_gradient(gradients, 0, d_y);  // y = a + …
      add_gradient(gradients, 1, d_y);  // y = … + b
    };
    op.gradients = {repeated_gradient(0), repeated_gradient(1)};
    op.explain = [](const Var& y, const Index& index) {
      const Operand a = broadcast_operand(y.input(0), index);
      const Operand b = broadcast_operand(y.input(1), index);
      return Calculation{
          {a, b}, format_number(a.value) + " + " + format_number(b.value, true), a.value + b.value};
    };
  });
}

}  // namespace clearhead
