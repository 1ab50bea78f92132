// y = cap · tanh(x / cap)
//
//     x, y [...]; cap a constant > 0
//     ∂L/∂x = ∂L/∂y · (1 − tanh²(x / cap)) = ∂L/∂y · (1 − (y / cap)²)
#include "clearhead/ops/softcap.h"

#include <cmath>

#include "clearhead/base/error.h"
#include "clearhead/ops/elementwise_internal.h"
#include "clearhead/ops/explanations_internal.h"

namespace clearhead {

Var softcap(const Var& x, double cap) {
  require_same_float("softcap", {x});
  if (!(cap > 0) || std::isinf(cap)) {
    throw Error("softcap: expected a finite cap above 0, got " + format_number(cap));
  }
  const Tensor y_value = map(x.value(), [cap](auto number) {  // y = cap · tanh(x / cap)
    const auto limit = static_cast<decltype(number)>(cap);
    return limit * std::tanh(number / limit);
  });
  return x.tape().record("softcap", {x}, y_value, [&](Record& op) {
    describe_softcap(op, cap);
    op.backward = [y = op.value, cap](const Tensor& d_y, Gradients& gradients) {
      // y = cap · tanh(x / cap). A masked score takes no gradient even if it is NaN, hence the 0.
      add_gradient(gradients, 0, d_y, y, [cap](auto d, auto capped) {
        const auto tanh = capped / static_cast<decltype(d)>(cap);
        return d == 0 ? d : d * (1 - tanh * tanh);
      });
    };
    op.gradients = {{"{y}_grad · (1 - ({y}/" + format_number(cap) + ")²)",
                     [cap](const Var& y, const Index& index) {
                       const Operand d = gradient_operand(y, index), capped = operand(y, index);
                       const double tanh = capped.value / cap;
                       return Calculation{{d, capped},
                                          format_number(d.value) + " · (1 - (" +
                                              format_number(capped.value) + "/" +
                                              format_number(cap) + ")²)",
                                          d.value == 0 ? 0 : d.value * (1 - tanh * tanh)};
                     }}};
  });
}

void describe_softcap(Record& op, double cap) {
  const std::string text = format_number(cap);
  op.formula = text + " · tanh({0}/" + text + ")";
  op.explain = [cap, text](const Var& y, const Index& index) {
    const Operand x = operand(y.input(0), index);
    return Calculation{{x},
                       text + " · tanh(" + format_number(x.value) + "/" + text + ")",
                       cap * std::tanh(x.value / cap)};
  };
}

}  // namespace clearhead
