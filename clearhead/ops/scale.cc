// y = x · c
//
//     x, y [...]; c a constant
//     ∂L/∂x = ∂L/∂y · c
#include "clearhead/ops/scale.h"

#include "clearhead/ops/elementwise.h"
#include "clearhead/ops/explanations.h"

namespace clearhead {

Var scale(const Var& x, double factor) {
  require_same_float("scale", {x});
  const auto scaled = [factor](auto number) {
    return number * static_cast<decltype(number)>(factor);
  };

  Operation op{.kind = "scale", .formula = "{0} · " + format_number(factor, true), .inputs = {x}};
  op.value = map(x.value(), scaled);  // y = x · c
  op.backward = [scaled](const Tensor& d_y, Gradients& gradients) {
    add_gradient(gradients, 0, map(d_y, scaled));  // y = x · c
  };
  op.explain = [x, factor](const Index& index) { return explain_scale(x, factor, index); };
  return x.tape().record(std::move(op));
}

Calculation explain_scale(const Var& x, double factor, const Index& index) {
  const Operand from = operand(x, index);
  return {
      {from}, format_number(from.value) + " · " + format_number(factor, true), from.value * factor};
}

}  // namespace clearhead
