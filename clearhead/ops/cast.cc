// y = x, as another type
//
//     x, y [...]
//     ∂L/∂x = ∂L/∂y, as the type of x: rounding is taken for the identity
#include "clearhead/ops/cast.h"

#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {

Var cast(const Var& x, DType dtype) {
  const DType from_dtype = x.dtype();
  if (dtype == from_dtype) return x;
  return x.tape().record("cast", {x}, x.value().to(dtype), [&](Record& op) {  // y = x
    op.formula = std::string(dtype_name(dtype)) + "({0})";
    if (is_floating(dtype) && is_floating(from_dtype)) {
      op.backward = [from_dtype](const Tensor& d_y, Gradients& gradients) {
        add_gradient(gradients, 0, d_y.to(from_dtype));  // y = x
      };
    }
    op.gradients = {repeated_gradient(0)};
    op.explain = [dtype](const Var& y, const Index& index) {
      const Operand from = operand(y.input(0), index);
      return Calculation{{from},
                         std::string(dtype_name(dtype)) + "(" + format_number(from.value) + ")",
                         Tensor::scalar(from.value, dtype).item()};
    };
  });
}

}  // namespace clearhead
