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
#include "clearhead/ops/elementwise.h"

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

// What a call of either operation does with each number of x; keeps all if the rate is below a step.
struct Dropped {
  Dropped(const Var& x, double rate, const RandomStream& random) {
    const double dropped = std::min(std::round(rate * kSteps), kSteps - 1);
    keeps_all = dropped == 0;
    if (keeps_all) return;
    factor = kSteps / (kSteps - dropped);
    kept = std::make_shared<const compute::KeptBits>(
        element_count(x.shape()), random.seed, random.stream, static_cast<std::uint32_t>(dropped));
  }

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
  const auto kept = dropped.kept;
  const double factor = dropped.factor;

  Operation op{.kind = "dropout", .formula = "dropout({0})", .inputs = {x}};
  op.value = keep(x.value(), *kept, factor);  // y = x ⊙ kept / (1 − rate)
  op.backward = [kept, factor](const Tensor& d_y, Gradients& gradients) {
    add_gradient(gradients, 0, keep(d_y, *kept, factor));  // y = x ⊙ kept / (1 − rate)
  };
  op.explain = [x, kept, factor, shape = x.shape()](const Index& index) {
    std::int64_t i = 0;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) i = i * shape[axis] + index[axis];
    const Operand from = operand(x, index);
    if ((*kept)[i]) {
      return Calculation{
          {from}, format_number(from.value) + " · " + format_number(factor), from.value * factor};
    }
    return Calculation{{from}, "0 (dropped)", 0};
  };
  return x.tape().record(std::move(op));
}

Var dropout_add(const Var& a, const Var& x, double rate, const RandomStream& random) {
  require_same_float("dropout_add", {a, x});
  check_rate("dropout_add", rate);
  if (a.shape() != x.shape()) {
    throw Error("dropout_add: expected operands of one shape, got " + to_string(a.shape()) +
                " and " + to_string(x.shape()));
  }
  if (a.tape().keep() == Keep::everything) return add(a, dropout(x, rate, random));
  const Dropped dropped(x, rate, random);
  if (dropped.keeps_all) return add(a, x);

  Operation op{.kind = "dropout_add", .formula = "{0} + dropout({1})", .inputs = {a, x}};
  const Tensor a_value = a.value().contiguous(), x_value = x.value().contiguous();
  op.value = Tensor::empty(x.shape(), x.dtype());
  with_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    compute::dropout_add(x_value.count(), a_value.data<T>(), x_value.data<T>(), *dropped.kept,
                         static_cast<T>(dropped.factor), op.value.mutable_data<T>());
  });
  op.backward = [dropped](const Tensor& d_y, Gradients& gradients) {
    add_gradient(gradients, 0, d_y);  // y = a + …
    if (gradients.wanted(1)) {        // y = … + x ⊙ kept / (1 − rate)
      add_gradient(gradients, 1, keep(d_y, *dropped.kept, dropped.factor));
    }
  };
  return a.tape().record(std::move(op));
}

}  // namespace clearhead
