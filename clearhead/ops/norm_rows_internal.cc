// How the norms check their operands, call compute/norms.h and explain a number by its row.
#include "clearhead/ops/norm_rows_internal.h"

#include <cmath>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/compute/norms.h"

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
RowNorm<T> norm_of(const NormRows& rows, const Tensor& bias) {
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
    compute::norm(norm_of<T>(*this, bias), mean.count(), x.data<T>(), y.mutable_data<T>(),
                  mean.mutable_data<T>(), inverse.mutable_data<T>());
  });
  return y;
}

void NormRows::backward(const Tensor& d_y, Gradients& gradients, std::size_t bias) const {
  with_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    compute::norm_backward(norm_of<T>(*this, {}), mean.count(), x.data<T>(), mean.data<T>(),
                           inverse.data<T>(), d_y.data<T>(), into<T>(gradients, 0),
                           gradients.data<T>(1), bias == 0 ? nullptr : gradients.data<T>(bias));
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
