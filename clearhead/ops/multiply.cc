// y = a ⊙ b
//
//     a [...A], b [...B], y [...]: the shape that both broadcast to
//     ∂L/∂a = ∂L/∂y ⊙ b, summed over the axes along which a was repeated; b likewise
#include "clearhead/ops/multiply.h"

#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {
namespace {

// The number at `index` of the gradient of factor i: Σ ∂L/∂y · the other, over all that it is
// repeated to.
Calculation product_gradient(const Var& y, std::size_t i, const Index& index) {
  std::vector<Operand> pairs;
  for (const Index& place : broadcast_indices(index, y.input(i).shape(), y.shape())) {
    pairs.push_back(gradient_operand(y, place));
    pairs.push_back(broadcast_operand(y.input(1 - i), place));
  }
  return sum_of_products(std::move(pairs));
}

}  // namespace

Var multiply(const Var& a, const Var& b) {
  require_same_float("multiply", {a, b});
  const Shape shape = broadcast_operands("multiply", a, b);
  const Tensor a_value = a.value();
  const Tensor b_value = b.value();
  const auto product = [](auto x, auto y) { return x * y; };

  const Tensor y_value = map(a_value, b_value, shape, product);  // y = a ⊙ b
  return a.tape().record("multiply", {a, b}, y_value, [&](Record& op) {
    op.formula = "{0} ⊙ {1}";
    // Each factor is needed only for the other's gradient.
    op.backward = [product, a_value = b.needs_grad() ? a_value : Tensor(),
                   b_value = a.needs_grad() ? b_value : Tensor()](const Tensor& d_y,
                                                                  Gradients& gradients) {
      add_gradient(gradients, 0, d_y, b_value, product);  // y = a ⊙ b
      add_gradient(gradients, 1, d_y, a_value, product);  // y = b ⊙ a
    };
    op.gradients = {
        {"{y}_grad ⊙ {1}", [](const Var& y, const Index& i) { return product_gradient(y, 0, i); }},
        {"{y}_grad ⊙ {0}", [](const Var& y, const Index& i) { return product_gradient(y, 1, i); }}};
    op.explain = [](const Var& y, const Index& index) {
      return sum_of_products(
          {broadcast_operand(y.input(0), index), broadcast_operand(y.input(1), index)});
    };
  });
}

}  // namespace clearhead
