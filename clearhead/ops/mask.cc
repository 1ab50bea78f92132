// y = −inf where bias = −inf, else scores + bias
//
//     scores, y [..., T, S]; bias broadcasts to it
//     ∂L/∂scores = 0 where bias = −inf, else ∂L/∂y
//     ∂L/∂bias   = the same, summed over the axes along which bias was repeated
//
// Adding −inf would do for finite scores. But +inf − inf = NaN and NaN − inf = NaN would show what
// the mask must hide.
#include "clearhead/ops/mask.h"

#include <limits>

#include "clearhead/base/error.h"
#include "clearhead/ops/elementwise_internal.h"
#include "clearhead/ops/explanations_internal.h"

namespace clearhead {
namespace {

template <typename T>
bool hides(T bias) {
  return bias == -std::numeric_limits<T>::infinity();
}

}  // namespace

Var mask(const Var& scores, const Var& bias) {
  require_same_float("mask", {scores, bias});
  if (broadcast_operands("mask", scores, bias) != scores.shape()) {
    throw Error("mask: expected a bias that broadcasts to the scores " + to_string(scores.shape()) +
                ", got " + to_string(bias.shape()));
  }
  const Tensor bias_value = bias.value();
  const Tensor y_value = map(scores.value(), bias_value, scores.shape(),  // y = scores + bias
                             [](auto s, auto b) { return hides(b) ? b : s + b; });
  return scores.tape().record("mask", {scores, bias}, y_value, [&](Record& op) {
    describe_mask(op);
    op.backward = [bias_value](const Tensor& d_y, Gradients& gradients) {
      const auto visible = [](auto d, auto b) { return hides(b) ? decltype(d){0} : d; };
      add_gradient(gradients, 0, d_y, bias_value, visible);
      add_gradient(gradients, 1, d_y, bias_value, visible);
    };
    op.gradients = {{"{y}_grad where {1} > -inf",
                     [](const Var& y, const Index& index) {
                       const Operand d = gradient_operand(y, index);
                       const Operand bias = broadcast_operand(y.input(1), index);
                       if (hides(bias.value))
                         return Calculation{{d, bias}, "0, for the mask hides it", 0};
                       return Calculation{{d, bias}, format_number(d.value), d.value};
                     }},
                    {"{y}_grad where {1} > -inf", [](const Var& y, const Index& index) {
                       if (hides(operand(y.input(1), index).value))
                         return Calculation{{}, "0, for it hides", 0};
                       return repeated_gradient(1).explain(y, index);
                     }}};
  });
}

void describe_mask(Record& op) {
  op.formula = "{0} + {1}";
  op.explain = [](const Var& y, const Index& index) {
    const Operand s = operand(y.input(0), index), b = broadcast_operand(y.input(1), index);
    if (hides(b.value)) return Calculation{{s, b}, "-inf, for the mask hides it", b.value};
    return Calculation{
        {s, b}, format_number(s.value) + " + " + format_number(b.value, true), s.value + b.value};
  };
}

}  // namespace clearhead
