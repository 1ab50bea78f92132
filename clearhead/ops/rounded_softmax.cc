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
#include "clearhead/kernels/attention.h"
#include "clearhead/kernels/softmax.h"
#include "clearhead/tape/explain.h"

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

std::vector<Operand> row_of(const Var& x, Index index) {
  std::vector<Operand> operands;
  for (index.back() = 0; index.back() < x.size(-1); ++index.back()) {
    operands.push_back(operand(x, index));
  }
  return operands;
}

}  // namespace

SoftmaxSteps rounded_softmax_steps(const Var& x, DType precision) {
  const bool f64 = x.dtype() == DType::f64;
  if ((!f64 && x.dtype() != DType::f32) || !is_floating(precision) || x.rank() == 0) {
    throw Error(
        "rounded_softmax: expected f32 or f64 scores with an axis and a floating precision, got " +
        std::string(dtype_name(x.dtype())) + " " + to_string(x.shape()) + " and " +
        std::string(dtype_name(precision)) + "; cast() the scores");
  }
  const SoftmaxRounding rounding = rounding_of(precision);
  const std::string type(dtype_name(precision));
  const Tensor scores = x.value().contiguous();
  const Rows rows = f64 ? forward<double>(scores, rounding) : forward<float>(scores, rounding);
  Tape& tape = x.tape();
  SoftmaxSteps steps;
  steps.row_max = tape.record(
      {.kind = "row_max",
       .formula = "max({0}) in " + type,
       .inputs = {x},
       .value = rows.row_max,
       .explain = [x, type, rows](const Index& i) {
         return Calculation{row_of(x, i), "the largest score in " + type, rows.row_max.at(i)};
       }});
  steps.row_sum =
      tape.record({.kind = "row_sum",
                   .formula = "sum(exp({0} - {1})) in " + type,
                   .inputs = {x, steps.row_max},
                   .value = rows.row_sum,
                   .explain = [x, m = steps.row_max](const Index& i) {
                     Calculation c{row_of(x, i), "", 0};
                     const Operand largest = operand(m, i);
                     for (const Operand& score : c.operands) {
                       if (score.value == -INFINITY) continue;
                       c.value += std::exp(score.value - largest.value);
                     }
                     c.text = "sum of exp(score - " + format_number(largest.value, true) + ")";
                     c.operands.push_back(largest);
                     return c;
                   }});
  steps.pattern = tape.record({.kind = "softmax",
                               .formula = "exp({0} - {1})/{2} in " + type,
                               .inputs = {x, steps.row_max, steps.row_sum},
                               .value = rows.pattern,
                               .backward =
                                   [rows, f64](const Tensor& d_pattern, Gradients& gradients) {
                                     if (f64) {
                                       backward(rows.pattern, d_pattern, gradients.data<double>(0));
                                     } else {
                                       backward(rows.pattern, d_pattern, gradients.data<float>(0));
                                     }
                                   },
                               .explain =
                                   [x, m = steps.row_max, l = steps.row_sum](const Index& i) {
                                     Index row = i;
                                     row.back() = 0;
                                     Calculation c;
                                     c.operands = {operand(x, i), operand(m, row), operand(l, row)};
                                     const double score = c.operands[0].value;
                                     c.text = "exp(" + format_number(score) + " - " +
                                              format_number(c.operands[1].value, true) + ")/" +
                                              format_number(c.operands[2].value);
                                     c.value = score == -INFINITY
                                                   ? 0
                                                   : std::exp(score - c.operands[1].value) /
                                                         c.operands[2].value;
                                     return c;
                                   }});
  return steps;
}

}  // namespace clearhead
