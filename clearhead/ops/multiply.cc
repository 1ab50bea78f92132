// y = a ⊙ b
//
//     a [...A], b [...B], y [...]: the shape that both broadcast to
//     ∂L/∂a = ∂L/∂y ⊙ b, summed over the axes along which a was repeated; b likewise
#include "clearhead/ops/multiply.h"

#include "clearhead/ops/elementwise.h"

namespace clearhead {

Var multiply(const Var& a, const Var& b) {
  require_same_float("multiply", {a, b});
  const Shape shape = broadcast_operands("multiply", a, b);
  const Tensor a_value = a.value();
  const Tensor b_value = b.value();
  const auto product = [](auto x, auto y) { return x * y; };

  Operation op{.kind = "multiply", .formula = "{0} ⊙ {1}", .inputs = {a, b}};
  op.value = map(a_value, b_value, shape, product);  // y = a ⊙ b
  // Each factor is needed only for the other's gradient.
  op.backward = [product, a_value = b.needs_grad() ? a_value : Tensor(),
                 b_value = a.needs_grad() ? b_value : Tensor()](const Tensor& d_y,
                                                                Gradients& gradients) {
    add_gradient(gradients, 0, d_y, b_value, product);  // y = a ⊙ b
    add_gradient(gradients, 1, d_y, a_value, product);  // y = b ⊙ a
  };
  op.explain = [a, b](const Index& index) {
    return sum_of_products({operand(a, broadcast_index(index, a.shape())),
                            operand(b, broadcast_index(index, b.shape()))});
  };
  return a.tape().record(std::move(op));
}

}  // namespace clearhead
