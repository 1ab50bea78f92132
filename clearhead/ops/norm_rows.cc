#include "clearhead/ops/norm_rows.h"

#include <cmath>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/kernels/rows/norm.h"

namespace clearhead {
namespace {

constexpr std::int64_t kMaxTerms = 8;

// The operands of the row that `index` lies in, and Σ_c f(x_c).
template <typename F>
Calculation over_row(const Var& x, Index index, F&& f) {
  Calculation sum;
  for (index.back() = 0; index.back() < x.size(-1); ++index.back()) {
    sum.operands.push_back(operand(x, index));
    const double number = sum.operands.back().value;
    sum.value += f(number);
    if (index.back() < kMaxTerms) {
      sum.text += (index.back() == 0 ? "" : " + ") + format_number(number, true);
    }
  }
  if (x.size(-1) > kMaxTerms) sum.text += " + … (" + std::to_string(x.size(-1)) + " terms)";
  return sum;
}

}  // namespace

void check_norm_weight(const char* operation, const char* what, const Var& x, const Var& weight) {
  if (x.rank() >= 1 && x.size(-1) > 0 && weight.shape() == Shape{x.size(-1)}) return;
  throw Error(std::string(operation) + ": expected x [..., C] of at least one channel and " + what +
              " [C], got " + to_string(x.shape()) + " and " + to_string(weight.shape()));
}

namespace {

// [..., 1]
Tensor one_each_row(const Tensor& x) {
  Shape shape = x.shape();
  shape.back() = 1;
  return Tensor::empty(shape, x.dtype());
}

template <typename T>
kernels::Norm<T> kernel_norm(const NormRows& rows, const Tensor& bias) {
  return {rows.centered, rows.x.size(-1), rows.weight.data<T>(),
          bias.defined() ? bias.data<T>() : nullptr, rows.epsilon};
}

}  // namespace

NormRows::NormRows(const Var& x, const Var& weight, bool centered, double epsilon)
    : x(x.value().contiguous()),
      weight(weight.value().contiguous()),
      mean(one_each_row(this->x)),
      inverse(one_each_row(this->x)),
      centered(centered),
      epsilon(epsilon) {}

Tensor NormRows::forward(const Tensor& bias) {
  Tensor y = Tensor::empty(x.shape(), x.dtype());
  with_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const std::int64_t C = x.size(-1);
    const kernels::Norm<T> norm = kernel_norm<T>(*this, bias);
    T *out = y.mutable_data<T>(), *m = mean.mutable_data<T>(), *s = inverse.mutable_data<T>();
    for_each_piece(x.count() / C, rows_of_a_piece(x), [&](std::int64_t begin, std::int64_t end) {
      kernels::norm(norm, end - begin, x.data<T>() + begin * C, out + begin * C, m + begin,
                    s + begin);
    });
  });
  return y;
}

void NormRows::backward(const Tensor& d_y, Gradients& gradients, std::size_t bias) const {
  with_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const std::int64_t C = x.size(-1);
    const kernels::Norm<T> norm = kernel_norm<T>(*this, {});
    const bool is_new = gradients.wanted(0) && gradients.begin(0);
    T* d_x = gradients.data<T>(0);
    T* d_w = gradients.data<T>(1);
    T* d_b = bias == 0 ? nullptr : gradients.data<T>(bias);
    sum_over_rows<T>(x, {d_w, d_b}, [&](std::int64_t begin, std::int64_t end, T* sum_w, T* sum_b) {
      if (is_new) std::fill(d_x + begin * C, d_x + end * C, T{0});
      kernels::norm_backward(norm, end - begin, x.data<T>() + begin * C, mean.data<T>() + begin,
                             inverse.data<T>() + begin, d_y.data<T>() + begin * C,
                             d_x == nullptr ? nullptr : d_x + begin * C,
                             d_w == nullptr ? nullptr : sum_w, d_b == nullptr ? nullptr : sum_b);
    });
  });
}

Calculation explain_row_mean(const Var& x, const Index& index) {
  Calculation mean = over_row(x, index, [](double number) { return number; });
  mean.value /= static_cast<double>(x.size(-1));
  mean.text = "(" + mean.text + ") / " + std::to_string(x.size(-1));
  return mean;
}

Calculation explain_row_scale(const Var& x, const Var& mean, double epsilon, const Index& index) {
  Operand m;
  if (mean.defined()) m = operand(mean, index);
  Calculation scale =
      over_row(x, index, [&](double number) { return (number - m.value) * (number - m.value); });
  const double mean_square = scale.value / static_cast<double>(x.size(-1));
  scale.value = std::sqrt(mean_square + epsilon);
  scale.text = "√(" + format_number(mean_square) + " + " + format_number(epsilon) + ")";
  if (mean.defined()) scale.operands.push_back(m);
  return scale;
}

Calculation explain_normalized(const Var& x, const Var& weight, const Var& bias, const Var& mean,
                               const Var& scale, const Index& index) {
  Index row = index;
  row.back() = 0;
  const Operand from = operand(x, index);
  Calculation y{{from}, format_number(from.value), from.value};
  if (mean.defined()) {
    y.operands.push_back(operand(mean, row));
    y.value -= y.operands.back().value;
    y.text = "(" + y.text + " - " + format_number(y.operands.back().value, true) + ")";
  }
  y.operands.push_back(operand(scale, row));
  y.value /= y.operands.back().value;
  y.text += " / " + format_number(y.operands.back().value);
  if (weight.defined()) {
    y.operands.push_back(operand(weight, {index.back()}));
    y.value *= y.operands.back().value;
    y.text += " · " + format_number(y.operands.back().value, true);
  }
  if (bias.defined()) {
    y.operands.push_back(operand(bias, {index.back()}));
    y.value += y.operands.back().value;
    y.text += " + " + format_number(y.operands.back().value, true);
  }
  return y;
}

}  // namespace clearhead
