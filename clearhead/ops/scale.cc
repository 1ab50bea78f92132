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
  const Tensor y_value = map(x.value(), scaled);  // y = x · c
  return x.tape().record("scale", {x}, y_value, [&](Record& op) {
    op.formula = "{0} · " + format_number(factor, true);
    op.backward = [scaled](const Tensor& d_y, Gradients& gradients) {
      add_gradient(gradients, 0, map(d_y, scaled));  // y = x · c
    };
    op.gradients = {
        {"{y}_grad · " + format_number(factor, true), [factor](const Var& y, const Index& index) {
           const Operand d = gradient_operand(y, index);
           return Calculation{
               {d}, format_number(d.value) + " · " + format_number(factor, true), d.value * factor};
         }}};
    op.explain = [factor](const Var& y, const Index& index) {
      return explain_scale(y.input(0), factor, index);
    };
  });
}

Calculation explain_scale(const Var& x, double factor, const Index& index) {
  const Operand from = operand(x, index);
  return {
      {from}, format_number(from.value) + " · " + format_number(factor, true), from.value * factor};
}

}  // namespace clearhead
