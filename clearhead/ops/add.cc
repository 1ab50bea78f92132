// y = a + b
//
//     a [...A], b [...B], y [...]: the shape that both broadcast to
//     ∂L/∂a = ∂L/∂y, summed over the axes along which a was repeated; b likewise
#include "clearhead/ops/add.h"

#include "clearhead/ops/elementwise.h"

namespace clearhead {

Var add(const Var& a, const Var& b) {
  require_same_float("add", {a, b});
  const Shape shape = broadcast_operands("add", a, b);
  const Tensor y_value =  // y = a + b
      map(a.value(), b.value(), shape, [](auto x, auto y) { return x + y; });
  if (a.tape().keep() == Keep::nothing) return a.tape().unrecorded("add", {&a, &b}, y_value);

  Operation op{.kind = "add", .formula = "{0} + {1}", .inputs = {a, b}, .value = y_value};
  op.backward = [](const Tensor& d_y, Gradients& gradients) {
    add_gradient(gradients, 0, d_y);  // y = a + …
    add_gradient(gradients, 1, d_y);  // y = … + b
  };
  op.explain = [a, b](const Index& index) {
    const Operand x = operand(a, broadcast_index(index, a.shape()));
    const Operand y = operand(b, broadcast_index(index, b.shape()));
    return Calculation{
        {x, y}, format_number(x.value) + " + " + format_number(y.value, true), x.value + y.value};
  };
  return a.tape().record(std::move(op));
}

}  // namespace clearhead
