// Interventions are operations on the value and on constants, which stand on the tape as inputs.
#include "clearhead/lens/interventions.h"

#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/ops/add.h"

namespace clearhead {

Change set_to(double number, Selection selection) {
  return [=](const Var& x) {
    const Tensor value = Tensor::scalar(number, x.dtype());
    return replace(x, selection, x.tape().input("set_to", value, /*requires_grad=*/false));
  };
}

Change zero_head(std::int64_t h) { return set_to(0, {std::nullopt, h}); }

Change add_vector(const Tensor& vector) {
  return [=](const Var& x) {
    return add(x, x.tape().input("added", vector.to(x.dtype()), /*requires_grad=*/false));
  };
}

Change patch(const Tensor& other, Selection selection) {
  return [=](const Var& x) {
    if (other.shape() != x.shape()) {
      throw Error("patch: expected numbers of shape " + to_string(x.shape()) + ", got " +
                  to_string(other.shape()) + "; texts of equal length give equal shapes");
    }
    Tensor part = other;
    for (std::size_t axis = 0; axis < selection.size() && axis < x.shape().size(); ++axis) {
      if (!selection[axis]) continue;
      const std::int64_t at = *selection[axis];
      if (at < 0 || at >= x.shape()[axis]) break;  // which replace refuses
      part = part.slice(static_cast<std::int64_t>(axis), at, at + 1);
    }
    const Tensor numbers = part.to(x.dtype());
    return replace(x, selection, x.tape().input("patch", numbers, /*requires_grad=*/false));
  };
}

}  // namespace clearhead
