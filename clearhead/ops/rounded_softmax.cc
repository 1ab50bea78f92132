// p_s = round(e_s / l),  e_s = round(exp(round(round(x_s) − m))),  l = round(Σ e_s),  m = max round(x_s)
//
// Source: ONNX operator `Attention`, attribute softmax_precision: the scores are cast to that type before
// the softmax and the weights back after it.
#include "clearhead/ops/rounded_softmax.h"

#include <string>

#include "clearhead/base/error.h"
#include "clearhead/compute/rounded_softmax.h"
#include "clearhead/compute/softmax.h"
#include "clearhead/ops/elementwise.h"
#include "clearhead/ops/explanations.h"

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
  Tape& tape = x.tape();
  SoftmaxSteps steps;
  Operation max{.kind = "row_max", .formula = "max({0}) in " + type, .inputs = {x}};
  max.value = rows.row_max;
  max.explain = [x](const Index& i) { return explain_row_max(x, i); };
  steps.row_max = tape.record(std::move(max));

  Operation sum{.kind = "row_sum",
                .formula = "Σ exp({0} - {1}) in " + type,
                .inputs = {x, steps.row_max},
                .value = rows.row_sum};
  sum.explain = [x, m = steps.row_max](const Index& i) { return explain_row_sum(x, m, i); };
  steps.row_sum = tape.record(std::move(sum));

  Operation pattern{.kind = "softmax",
                    .formula = "exp({0} - {1}) / {2} in " + type,
                    .inputs = {x, steps.row_max, steps.row_sum},
                    .value = rows.pattern};
  pattern.backward = [p = rows.pattern](const Tensor& d_p, Gradients& gradients) {
    with_float(p.dtype(), [&](auto zero) { backward(p, d_p, gradients.data<decltype(zero)>(0)); });
  };
  pattern.explain = [x, m = steps.row_max, l = steps.row_sum](const Index& i) {
    return explain_softmax(x, m, l, i);
  };
  steps.pattern = tape.record(std::move(pattern));
  return steps;
}

}  // namespace clearhead
