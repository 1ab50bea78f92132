// p_s = round(e_s / l),  e_s = round(exp(round(round(x_s) − m))),  l = round(Σ e_s),  m = max round(x_s)
//
// Source: ONNX operator `Attention`, attribute softmax_precision: the scores are cast to that type before the softmax and
// the weights back after it.
#include "clearhead/ops/rounded_softmax.h"

#include <cmath>
#include <limits>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"
#include "clearhead/kernels/attention/attention.h"
#include "clearhead/kernels/rows/softmax.h"
#include "clearhead/ops/elementwise.h"
#include "clearhead/ops/explanations.h"

namespace clearhead {
namespace {

using kernels::SoftmaxRounding;

SoftmaxRounding rounding_of(DType precision) {
  switch (precision) {
    case DType::f16:
      return SoftmaxRounding::f16;
    case DType::bf16:
      return SoftmaxRounding::bf16;
    case DType::f32:
      return SoftmaxRounding::f32;
    default:
      return SoftmaxRounding::f64;
  }
}

struct Rows {
  Tensor row_max, row_sum, pattern;
};

template <typename T>
Rows forward(const Tensor& x, SoftmaxRounding rounding) {
  Shape row_shape = x.shape();
  row_shape.back() = 1;
  Rows rows{Tensor::empty(row_shape, dtype_of<T>), Tensor::empty(row_shape, dtype_of<T>),
            Tensor::empty(x.shape(), dtype_of<T>)};
  const std::int64_t n = x.size(-1);
  const T* scores = x.data<T>();
  T* row_max = rows.row_max.mutable_data<T>();
  T* row_sum = rows.row_sum.mutable_data<T>();
  T* pattern = rows.pattern.mutable_data<T>();
  parallel_for(rows.row_max.count(), [&](std::int64_t i) {
    const T* row = scores + i * n;
    row_max[i] = kernels::softmax_row_max(-std::numeric_limits<T>::infinity(), row, n, rounding);
    row_sum[i] = kernels::softmax_round(
        static_cast<T>(kernels::softmax_row_sum(row, n, row_max[i], rounding)), rounding);
    for (std::int64_t s = 0; s < n; ++s) {
      pattern[i * n + s] = kernels::softmax_weight(row[s], row_max[i], row_sum[i], rounding);
    }
  });
  return rows;
}

// dx_s += p_s·(dp_s − Σ p·dp), with the rounded weights.
template <typename T>
void backward(const Tensor& pattern, const Tensor& d_pattern, T* dx) {
  const std::int64_t n = pattern.size(-1);
  if (n == 0) return;
  parallel_for(pattern.count() / n, [&](std::int64_t i) {
    kernels::softmax_row_backward(n, pattern.data<T>() + i * n, d_pattern.data<T>() + i * n,
                                  dx + i * n);
  });
}

}  // namespace

SoftmaxSteps rounded_softmax_steps(const Var& x, DType precision) {
  require_same_float("rounded_softmax", {x});
  if (!is_floating(precision) || x.rank() == 0) {
    throw Error("rounded_softmax: expected scores with an axis and a floating precision, got " +
                to_string(x.shape()) + " and " + std::string(dtype_name(precision)));
  }
  const SoftmaxRounding rounding = rounding_of(precision);
  const std::string type(dtype_name(precision));
  const Tensor scores = x.value().contiguous();
  const Rows rows =
      with_float(x.dtype(), [&](auto zero) { return forward<decltype(zero)>(scores, rounding); });
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
