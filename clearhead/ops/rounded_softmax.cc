// p_s = round(e_s / l), e_s = round(exp(round(round(x_s) − m))), l = round(Σ e_s), m = max
// round(x_s)
//
// Source: ONNX operator `Attention`, attribute softmax_precision: the scores are cast to that type
// before the softmax and the weights back after it.
#include "clearhead/ops/rounded_softmax.h"

#include <string>

#include "clearhead/base/error.h"
#include "clearhead/compute/rounded_softmax.h"
#include "clearhead/compute/softmax.h"
#include "clearhead/ops/elementwise_internal.h"
#include "clearhead/ops/explanations_internal.h"

namespace clearhead {
namespace {

// dx_s += p_s·(dp_s − Σ p·dp), with the rounded weights.
template <typename T>
void backward(const Tensor& pattern, const Tensor& d_pattern, T* dx) {
  const std::int64_t n = pattern.size(-1);
  if (n == 0) return;
  compute::softmax_backward(pattern.count() / n, n, pattern.data<T>(), d_pattern.data<T>(), dx);
}

}  // namespace

SoftmaxSteps rounded_softmax_steps(const Var& x, DType precision) {
  require_same_float("rounded_softmax", {x});
  if (!is_floating(precision) || x.rank() == 0) {
    throw Error("rounded_softmax: expected scores with an axis and a floating precision, got " +
                to_string(x.shape()) + " and " + std::string(dtype_name(precision)));
  }
  const std::string type(dtype_name(precision));
  const compute::RoundedSoftmax rows = compute::rounded_softmax(x.value().contiguous(), precision);
  Tape tape = x.tape();
  SoftmaxSteps steps;
  steps.row_max = tape.record("row_max", {x}, rows.row_max, [&](Record& op) {
    describe_row_max(op);
    op.formula += " in " + type;
  });
  steps.row_sum = tape.record("row_sum", {x, steps.row_max}, rows.row_sum, [&](Record& op) {
    describe_row_sum(op);
    op.formula += " in " + type;
  });
  const OperandList operands = {x, steps.row_max, steps.row_sum};
  steps.pattern = tape.record("softmax", operands, rows.pattern, [&](Record& op) {
    describe_softmax(op);
    op.formula += " in " + type;
    op.backward = [p = op.value](const Tensor& d_p, Gradients& gradients) {
      with_float(p.dtype(),
                 [&](auto zero) { backward(p, d_p, gradients.data<decltype(zero)>(0)); });
    };
    op.gradients = {softmax_gradient()};
  });
  return steps;
}

}  // namespace clearhead
