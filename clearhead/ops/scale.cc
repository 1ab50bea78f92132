// y = x · c
//
//     x, y [...]; c a constant
//     ∂L/∂x = ∂L/∂y · c
#include "clearhead/ops/scale.h"

#include "clearhead/ops/elementwise_internal.h"
#include "clearhead/ops/explanations_internal.h"

namespace clearhead {

Var scale(const Var& x, double factor) {
  require_same_float("scale", {x});
  const auto scaled = [factor](auto number) {
    return number * static_cast<decltype(number)>(factor);
  };
  const Tensor y_value = map(x.value(), scaled);  // y = x · c
  return x.tape().record("scale", {x}, y_value, [&](Record& op) {
    describe_scale(op, factor);
    op.backward = [scaled](const Tensor& d_y, Gradients& gradients) {
      add_gradient(gradients, 0, map(d_y, scaled));  // y = x · c
    };
    op.gradients = {
        {"{y}_grad · " + format_number(factor, true), [factor](const Var& y, const Index& index) {
           const Operand d = gradient_operand(y, index);
           return Calculation{
               {d}, format_number(d.value) + " · " + format_number(factor, true), d.value * factor};
         }}};
  });
}

void describe_scale(Record& op, double factor) {
  op.formula = "{0} · " + format_number(factor, true);
  op.explain = [factor](const Var& y, const Index& index) {
    const Operand x = operand(y.input(0), index);
    return Calculation{
        {x}, format_number(x.value) + " · " + format_number(factor, true), x.value * factor};
  };
}

}  // namespace clearhead
