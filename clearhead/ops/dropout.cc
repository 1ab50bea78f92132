// y = x ⊙ kept / (1 − rate)
//
//     x, kept, y [...]; kept is 1 with probability 1 − rate, else 0
//     ∂L/∂x = ∂L/∂y ⊙ kept / (1 − rate)
//
// and dropout_add: y = a + x ⊙ kept / (1 − rate). `kept` is held as bits, a 32nd of x.
//
// Source: Srivastava et al., "Dropout" (2014), in the form that leaves evaluation as it is.
#include "clearhead/ops/dropout.h"

#include <cmath>
#include <memory>

#include "clearhead/base/error.h"
#include "clearhead/compute/dropout.h"
#include "clearhead/ops/add.h"
#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {
namespace {

constexpr double kSteps = 65536;  // that a probability is counted in

// x ⊙ kept · factor
Tensor keep(const Tensor& x, const compute::KeptBits& kept, double factor) {
  const Tensor from = x.contiguous();
  Tensor y = Tensor::empty(x.shape(), x.dtype());
  with_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    compute::dropout(x.count(), from.data<T>(), kept, static_cast<T>(factor), y.mutable_data<T>());
  });
  return y;
}

// What a call of either operation does with each number of x; keeps all if the rate is below a
// step.
struct Dropped {
  Dropped(const Var& x, double rate, const RandomStream& random) : shape(x.shape()) {
    const double dropped = std::min(std::round(rate * kSteps), kSteps - 1);
    keeps_all = dropped == 0;
    if (keeps_all) return;
    factor = kSteps / (kSteps - dropped);
    kept = std::make_shared<const compute::KeptBits>(
        element_count(shape), random.seed, random.stream, static_cast<std::uint32_t>(dropped));
  }

  // That number of x ⊙ kept / (1 − rate) which comes from x.
  Calculation explain(const Operand& x) const {
    std::int64_t i = 0;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) i = i * shape[axis] + x.index[axis];
    if ((*kept)[i]) {
      return {{x}, format_number(x.value) + " · " + format_number(factor), x.value * factor};
    }
    return {{x}, "0 (dropped)", 0};
  }

  Shape shape;
  bool keeps_all;
  double factor = 1;
  std::shared_ptr<const compute::KeptBits> kept;
};

void check_rate(const char* operation, double rate) {
  if (rate >= 0 && rate < 1) return;
  throw Error(std::string(operation) + ": expected a rate of at least 0 and below 1, got " +
              format_number(rate));
}

}  // namespace

Var dropout(const Var& x, double rate, const RandomStream& random) {
  require_same_float("dropout", {x});
  check_rate("dropout", rate);
  const Dropped dropped(x, rate, random);
  if (dropped.keeps_all) return x;
  const Tensor y_value =  // y = x ⊙ kept / (1 − rate)
      keep(x.value(), *dropped.kept, dropped.factor);
  return x.tape().record("dropout", {x}, y_value, [&](Record& op) {
    op.formula = "dropout({0})";
    op.backward = [dropped](const Tensor& d_y, Gradients& gradients) {
      // y = x ⊙ kept / (1 − rate)
      add_gradient(gradients, 0, keep(d_y, *dropped.kept, dropped.factor));
    };
    op.explain = [dropped](const Var& y, const Index& index) {
      return dropped.explain(operand(y.input(0), index));
    };
  });
}

Var dropout_add(const Var& a, const Var& x, double rate, const RandomStream& random) {
  require_same_float("dropout_add", {a, x});
  check_rate("dropout_add", rate);
  if (a.shape() != x.shape()) {
    throw Error("dropout_add: expected operands of one shape, got " + to_string(a.shape()) +
                " and " + to_string(x.shape()));
  }
  const Dropped dropped(x, rate, random);
  if (dropped.keeps_all) return add(a, x);
  const Tensor a_value = a.value().contiguous(), x_value = x.value().contiguous();
  Tensor y_value = Tensor::empty(x.shape(), x.dtype());
  with_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    compute::dropout_add(x_value.count(), a_value.data<T>(), x_value.data<T>(), *dropped.kept,
                         static_cast<T>(dropped.factor), y_value.mutable_data<T>());
  });
  return a.tape().record("dropout_add", {a, x}, y_value, [&](Record& op) {
    op.formula = "{0} + dropout({1})";
    op.backward = [dropped](const Tensor& d_y, Gradients& gradients) {
      add_gradient(gradients, 0, d_y);  // y = a + …
      if (gradients.wanted(1)) {        // y = … + x ⊙ kept / (1 − rate)
        add_gradient(gradients, 1, keep(d_y, *dropped.kept, dropped.factor));
      }
    };
    op.explain = [dropped](const Var& y, const Index& index) {
      const Operand a = operand(y.input(0), index);
      const Calculation x = dropped.explain(operand(y.input(1), index));
      return Calculation{
          {a, x.operands[0]}, format_number(a.value) + " + " + x.text, a.value + x.value};
    };
  });
}

}  // namespace clearhead
