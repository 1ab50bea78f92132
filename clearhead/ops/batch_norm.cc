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
#include "clearhead/kernels/rows/norm.h"
#include "clearhead/ops/norm_rows.h"

namespace clearhead {
namespace {

// Calls f(r) for each row of the last axis, on all threads.
template <typename F>
void for_each_row(const Tensor& x, F&& f) {
  for_each_piece(x.count() / x.size(-1), rows_of_a_piece(x),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t r = begin; r < end; ++r) f(r);
                 });
}

struct Saved {
  Tensor x, mean, variance, weight;
  double epsilon;
  bool of_batch;  // whether mean and variance depend on x

  template <typename T>
  T scale(std::int64_t c) const {
    return std::sqrt(variance.data<T>()[c] + static_cast<T>(epsilon));
  }
};

void check(const Var& x, const Var& weight, const Var& bias) {
  require_same_float("batch_norm", {x, weight, bias});
  check_norm_weight("batch_norm", "weight", x, weight);
  check_norm_weight("batch_norm", "bias", x, bias);
}

template <typename T>
void statistics(const Tensor& x, Tensor& mean, Tensor& variance) {
  const std::int64_t C = x.size(-1);
  const T R = static_cast<T>(x.count() / C);
  const T* numbers = x.data<T>();
  T* m = mean.mutable_data<T>();
  T* v = variance.mutable_data<T>();
  sum_over_rows<T>(x, {m, nullptr}, [&](std::int64_t begin, std::int64_t end, T* sum, T*) {
    kernels::add_rows(end - begin, C, numbers + begin * C, sum);
  });
  for (std::int64_t c = 0; c < C; ++c) m[c] /= R;
  sum_over_rows<T>(x, {v, nullptr}, [&](std::int64_t begin, std::int64_t end, T* sum, T*) {
    for (std::int64_t i = begin * C; i < end * C; ++i) {
      const T away = numbers[i] - m[i % C];
      sum[i % C] += away * away;
    }
  });
  for (std::int64_t c = 0; c < C; ++c) v[c] /= R;
}

template <typename T>
void backward(const Saved& saved, bool wants_x, const Tensor& d_y, Tensor& d_x, T* d_w, T* d_b) {
  const std::int64_t C = saved.x.size(-1);
  const T R = static_cast<T>(saved.x.count() / C);
  const T* x = saved.x.data<T>();
  const T* m = saved.mean.data<T>();
  const T* w = saved.weight.data<T>();
  const T* d = d_y.data<T>();
  std::vector<T> inverse;
  for (std::int64_t c = 0; c < C; ++c) inverse.push_back(1 / saved.scale<T>(c));
  const auto n = [&](std::int64_t r, std::int64_t c) {
    return (x[r * C + c] - m[c]) * inverse[static_cast<std::size_t>(c)];
  };
  sum_over_rows<T>(saved.x, {d_w, d_b},
                   [&](std::int64_t begin, std::int64_t end, T* sum_w, T* sum_b) {
                     for (std::int64_t r = begin; r < end; ++r) {
                       for (std::int64_t c = 0; c < C; ++c) {
                         sum_w[c] += d[r * C + c] * n(r, c);  // y = n ⊙ w + …
                         sum_b[c] += d[r * C + c];            // y = … + b
                       }
                     }
                   });
  if (!wants_x) return;
  T* to = d_x.mutable_data<T>();
  for_each_row(saved.x, [&](std::int64_t r) {
    for (std::int64_t c = 0; c < C; ++c) {
      const T through_batch = saved.of_batch ? (d_b[c] + n(r, c) * d_w[c]) / R : 0;  // m and v
      to[r * C + c] = w[c] * inverse[static_cast<std::size_t>(c)] * (d[r * C + c] - through_batch);
    }
  });
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
  Operation op{.kind = "batch_norm",
               .formula = "({0} - {3}) / √({4} + " + format_number(saved.epsilon) + ") ⊙ {1} + {2}",
               .inputs = {x, weight, bias, mean, variance},
               .value = Tensor::empty(x.shape(), x.dtype())};
  const Tensor b_value = bias.value().contiguous();
  with_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const std::int64_t C = saved.x.size(-1);
    const T *from = saved.x.data<T>(), *m = saved.mean.data<T>(), *w = saved.weight.data<T>();
    const T* b = b_value.data<T>();
    T* out = op.value.mutable_data<T>();
    std::vector<T> inverse;
    for (std::int64_t c = 0; c < C; ++c) inverse.push_back(1 / saved.scale<T>(c));
    for_each_row(saved.x, [&](std::int64_t r) {
      for (std::int64_t c = 0; c < C; ++c) {  // y = n ⊙ w + b
        out[r * C + c] =
            (from[r * C + c] - m[c]) * inverse[static_cast<std::size_t>(c)] * w[c] + b[c];
      }
    });
  });
  op.backward = [saved](const Tensor& d_y, Gradients& gradients) {
    with_float(d_y.dtype(), [&](auto zero) {
      using T = decltype(zero);
      Tensor d_x = gradients.wanted(0) ? Tensor::empty(saved.x.shape(), d_y.dtype()) : Tensor();
      Tensor d_w(saved.weight.shape(), d_y.dtype()), d_b(saved.weight.shape(), d_y.dtype());
      backward<T>(saved, gradients.wanted(0), d_y, d_x, d_w.mutable_data<T>(),
                  d_b.mutable_data<T>());
      add_gradient(gradients, 0, d_x);
      add_gradient(gradients, 1, d_w);
      add_gradient(gradients, 2, d_b);
    });
  };
  op.explain = [=, epsilon = saved.epsilon](const Index& index) {
    const Operand number = operand(x, index), m = operand(mean, {index.back()});
    const Operand v = operand(variance, {index.back()});
    const Operand w = operand(weight, {index.back()}), b = operand(bias, {index.back()});
    const double s = std::sqrt(v.value + epsilon);
    return Calculation{{number, m, v, w, b},
                       "(" + format_number(number.value) + " - " + format_number(m.value, true) +
                           ") / " + format_number(s) + " · " + format_number(w.value, true) +
                           " + " + format_number(b.value, true),
                       (number.value - m.value) / s * w.value + b.value};
  };
  return x.tape().record(std::move(op));
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
  with_float(x.dtype(),
             [&](auto zero) { statistics<decltype(zero)>(saved.x, saved.mean, saved.variance); });
  BatchNormOutput out;
  Operation mean{
      .kind = "batch_mean", .formula = "mean({0} over rows)", .inputs = {x}, .value = saved.mean};
  mean.explain = [x](const Index& index) { return explain_column(x, {}, index); };
  out.mean = x.tape().record(std::move(mean));
  Operation variance{.kind = "batch_variance",
                     .formula = "mean(({0} - {1})² over rows)",
                     .inputs = {x, out.mean},
                     .value = saved.variance};
  variance.explain = [x, m = out.mean](const Index& index) { return explain_column(x, m, index); };
  out.variance = x.tape().record(std::move(variance));
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
