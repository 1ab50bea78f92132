// y = n ⊙ w + b,  n = (x − m) / s,  m = Σ_r x_r / R,  v = Σ_r (x_r − m)² / R,  s = √(v + ε)
//
//     x, n, y [R, C]: all axes but the last as R rows; m, v, s, w, b [C]
//     ∂L/∂w = Σ_r ∂L/∂y ⊙ n      ∂L/∂b = Σ_r ∂L/∂y
//     ∂L/∂x = w / s ⊙ (∂L/∂y − ∂L/∂b / R − n ⊙ ∂L/∂w / R)
//     with m and v given:  ∂L/∂x = w / s ⊙ ∂L/∂y
//
// Source: Ioffe and Szegedy, "Batch normalization" (2015), algorithms 1 and 2.
#include "clearhead/ops/batch_norm.h"

#include <cmath>

#include "clearhead/base/error.h"
#include "clearhead/compute/norms.h"
#include "clearhead/ops/norm_rows_internal.h"

namespace clearhead {
namespace {

struct Saved {
  Tensor x, mean, variance, weight;
  double epsilon;
  bool of_batch;  // whether mean and variance depend on x

  template <typename T>
  compute::BatchNorm<T> norm() const {
    const std::int64_t C = x.size(-1);
    return {x.count() / C,    C,       x.data<T>(), mean.data<T>(), variance.data<T>(),
            weight.data<T>(), epsilon, of_batch};
  }
};

void check(const Var& x, const Var& weight, const Var& bias) {
  require_same_float("batch_norm", {x, weight, bias});
  check_norm_weight("batch_norm", "weight", x, weight);
  check_norm_weight("batch_norm", "bias", x, bias);
}

Calculation explain_column(const Var& x, const Var& mean, const Index& index) {
  Calculation c;
  double m = 0;
  if (mean.defined()) {
    c.operands.push_back(operand(mean, index));
    m = c.operands.back().value;
  }
  const std::int64_t R = element_count(x.shape()) / x.size(-1);
  for (std::int64_t r = 0; r < R; ++r) {
    c.operands.push_back(operand(x, unflatten(r * x.size(-1) + index[0], x.shape())));
    const double number = c.operands.back().value;
    c.value += (mean.defined() ? (number - m) * (number - m) : number) / static_cast<double>(R);
  }
  c.text = std::string(mean.defined() ? "mean of squares" : "mean") + " of " + std::to_string(R) +
           " numbers";
  return c;
}

Var record(const Saved& saved, const Var& x, const Var& weight, const Var& bias, const Var& mean,
           const Var& variance) {
  Tensor y_value = Tensor::empty(x.shape(), x.dtype());
  const Tensor b_value = bias.value().contiguous();
  with_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    compute::batch_norm(saved.norm<T>(), b_value.data<T>(), y_value.mutable_data<T>());
  });
  return x.tape().record("batch_norm", {x, weight, bias, mean, variance}, y_value, [&](Record& op) {
    op.formula = "({0} - {3}) / √({4} + " + format_number(saved.epsilon) + ") ⊙ {1} + {2}";
    op.backward = [saved](const Tensor& d_y, Gradients& gradients) {
      with_float(d_y.dtype(), [&](auto zero) {
        using T = decltype(zero);
        Tensor d_x = gradients.wanted(0) ? Tensor::empty(saved.x.shape(), d_y.dtype()) : Tensor();
        Tensor d_w(saved.weight.shape(), d_y.dtype()), d_b(saved.weight.shape(), d_y.dtype());
        compute::batch_norm_backward(saved.norm<T>(), d_y.data<T>(),
                                     d_x.defined() ? d_x.mutable_data<T>() : nullptr,
                                     d_w.mutable_data<T>(), d_b.mutable_data<T>());
        add_gradient(gradients, 0, d_x);
        add_gradient(gradients, 1, d_w);
        add_gradient(gradients, 2, d_b);
      });
    };
    op.explain = [epsilon = saved.epsilon](const Var& y, const Index& index) {
      const auto of_channel = [&](std::size_t i) { return operand(y.input(i), {index.back()}); };
      const Operand number = operand(y.input(0), index);
      const Operand w = of_channel(1), b = of_channel(2), m = of_channel(3), v = of_channel(4);
      const double s = std::sqrt(v.value + epsilon);
      return Calculation{{number, m, v, w, b},
                         "(" + format_number(number.value) + " - " + format_number(m.value, true) +
                             ") / " + format_number(s) + " · " + format_number(w.value, true) +
                             " + " + format_number(b.value, true),
                         (number.value - m.value) / s * w.value + b.value};
    };
  });
}

}  // namespace

BatchNormOutput batch_norm(const Var& x, const Var& weight, const Var& bias, double epsilon) {
  check(x, weight, bias);
  if (element_count(x.shape()) == 0) throw Error("batch_norm: there is no row to take a mean of");
  Saved saved{x.value().contiguous(),
              Tensor(weight.shape(), x.dtype()),
              Tensor(weight.shape(), x.dtype()),
              weight.value().contiguous(),
              epsilon,
              true};
  with_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const std::int64_t C = x.size(-1);
    compute::batch_statistics(saved.x.count() / C, C, saved.x.data<T>(),
                              saved.mean.mutable_data<T>(), saved.variance.mutable_data<T>());
  });
  BatchNormOutput out;
  out.mean = x.tape().record("batch_mean", {x}, saved.mean, [](Record& op) {
    op.formula = "mean({0} over rows)";
    op.explain = [](const Var& y, const Index& index) {
      return explain_column(y.input(0), {}, index);
    };
  });
  out.variance = x.tape().record("batch_variance", {x, out.mean}, saved.variance, [](Record& op) {
    op.formula = "mean(({0} - {1})² over rows)";
    op.explain = [](const Var& y, const Index& index) {
      return explain_column(y.input(0), y.input(1), index);
    };
  });
  out.y = record(saved, x, weight, bias, out.mean, out.variance);
  return out;
}

Var batch_norm(const Var& x, const Var& weight, const Var& bias, const Var& mean,
               const Var& variance, double epsilon) {
  check(x, weight, bias);
  require_same_float("batch_norm", {x, mean, variance});
  check_norm_weight("batch_norm", "mean", x, mean);
  check_norm_weight("batch_norm", "variance", x, variance);
  return record({x.value().contiguous(), mean.value().contiguous(), variance.value().contiguous(),
                 weight.value().contiguous(), epsilon, false},
                x, weight, bias, mean, variance);
}

}  // namespace clearhead
