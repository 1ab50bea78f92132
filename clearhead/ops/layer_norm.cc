// y = n ⊙ w + b,  n = (x − m) / s,  m = Σ_c x_c / C,  s = √(Σ_c (x_c − m)² / C + ε)
//
//     x, n, y [R, C]: all axes but the last as R rows; m, s [R, 1]; w, b [C]
//     with g = ∂L/∂y ⊙ w, for each row:
//     ∂L/∂x = (g − mean(g) − n·mean(g ⊙ n)) / s
//     ∂L/∂w = Σ_r ∂L/∂y ⊙ n      ∂L/∂b = Σ_r ∂L/∂y
//
// Source: Ba, Kiros and Hinton, "Layer normalization" (2016).
#include "clearhead/ops/layer_norm.h"

#include <cmath>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/ops/elementwise.h"
#include "clearhead/ops/norm_rows.h"

namespace clearhead {
namespace {

struct Saved {
  Tensor x, mean, scale, weight;
};

template <typename T>
void forward(const Saved& saved, const Tensor& bias, double epsilon, Tensor& mean, Tensor& scale,
             Tensor& y) {
  const std::int64_t C = saved.x.size(-1);
  const T* w = saved.weight.data<T>();
  const T* b = bias.defined() ? bias.data<T>() : nullptr;
  T* means = mean.mutable_data<T>();
  T* scales = scale.mutable_data<T>();
  T* out = y.mutable_data<T>();
  for_each_row(saved.x, [&](std::int64_t r) {
    const T* x = saved.x.data<T>() + r * C;
    const T m = row_sum(C, [&](std::int64_t c) { return x[c]; }) / static_cast<T>(C);
    const T variance =
        row_sum(C, [&](std::int64_t c) { return (x[c] - m) * (x[c] - m); }) / static_cast<T>(C);
    const T s = std::sqrt(variance + static_cast<T>(epsilon));
    means[r] = m;
    scales[r] = s;
    const T inverse = 1 / s;
    for (std::int64_t c = 0; c < C; ++c) {
      out[r * C + c] = (x[c] - m) * inverse * w[c] + (b != nullptr ? b[c] : 0);  // y = n ⊙ w + b
    }
  });
}

// Adds to d_x where it is wanted, and to the sums of d_y ⊙ n and d_y of this row.
template <typename T>
void backward_row(const Saved& saved, std::int64_t r, const T* d_y, T* d_x, T* d_w, T* d_b) {
  const std::int64_t C = saved.x.size(-1);
  const T* x = saved.x.data<T>() + r * C;
  const T* w = saved.weight.data<T>();
  const T m = saved.mean.data<T>()[r];
  const T inverse = 1 / saved.scale.data<T>()[r];
  const T* d = d_y + r * C;
  const auto n = [&](std::int64_t c) { return (x[c] - m) * inverse; };
  for (std::int64_t c = 0; c < C; ++c) {
    d_w[c] += d[c] * n(c);  // y = n ⊙ w + …
    d_b[c] += d[c];         // y = … + b
  }
  if (d_x == nullptr) return;
  const auto g = [&](std::int64_t c) { return d[c] * w[c]; };
  const T mean_g = row_sum(C, g) / static_cast<T>(C);
  const T mean_gn = row_sum(C, [&](std::int64_t c) { return g(c) * n(c); }) / static_cast<T>(C);
  for (std::int64_t c = 0; c < C; ++c) {  // n = (x − m) / s
    d_x[r * C + c] += (g(c) - mean_g - n(c) * mean_gn) * inverse;
  }
}

void check(const Var& x, const Var& weight, const Var& bias) {
  if (bias.defined()) {
    require_same_float("layer_norm", {x, weight, bias});
  } else {
    require_same_float("layer_norm", {x, weight});
  }
  check_norm_weight("layer_norm", "weight", x, weight);
  if (bias.defined()) check_norm_weight("layer_norm", "bias", x, bias);
}

}  // namespace

LayerNormOutput layer_norm(const Var& x, const Var& weight, const Var& bias, double epsilon) {
  check(x, weight, bias);
  Shape row_shape = x.shape();
  row_shape.back() = 1;
  Saved saved{x.value().contiguous(), Tensor::empty(row_shape, x.dtype()),
              Tensor::empty(row_shape, x.dtype()), weight.value().contiguous()};
  Tensor y = Tensor::empty(x.shape(), x.dtype());
  with_float(x.dtype(), [&](auto zero) {
    forward<decltype(zero)>(saved, bias.defined() ? bias.value().contiguous() : Tensor(), epsilon,
                            saved.mean, saved.scale, y);
  });
  Tape& tape = x.tape();
  LayerNormOutput result;

  Operation mean{.kind = "row_mean", .formula = "mean({0})", .inputs = {x}, .value = saved.mean};
  mean.explain = [x](const Index& index) { return explain_row_mean(x, index); };
  result.mean = tape.record(std::move(mean));

  Operation scale{.kind = "row_scale",
                  .formula = "√(mean(({0} - {1})²) + " + format_number(epsilon) + ")",
                  .inputs = {x, result.mean},
                  .value = saved.scale};
  scale.explain = [x, m = result.mean, epsilon](const Index& index) {
    return explain_row_scale(x, m, epsilon, index);
  };
  result.scale = tape.record(std::move(scale));

  Operation op{.kind = "layer_norm",
               .formula = "({0} - {2}) / {3} ⊙ {1}",
               .inputs = {x, weight, result.mean, result.scale},
               .value = y};
  if (bias.defined()) {
    op.formula += " + {4}";
    op.inputs.push_back(bias);
  }
  op.backward = [saved, has_bias = bias.defined()](const Tensor& d_y, Gradients& gradients) {
    with_float(d_y.dtype(), [&](auto zero) {
      using T = decltype(zero);
      T* d_x = gradients.data<T>(0);
      T* d_w = gradients.data<T>(1);
      T* d_b = has_bias ? gradients.data<T>(4) : nullptr;
      const T* d = d_y.data<T>();
      sum_over_rows<T>(saved.x, {d_w, d_b}, [&](std::int64_t r, T* sum_w, T* sum_b) {
        backward_row<T>(saved, r, d, d_x, sum_w, sum_b);
      });
    });
  };
  op.explain = [x, weight, bias, m = result.mean, s = result.scale](const Index& index) {
    return explain_normalized(x, weight, bias, m, s, index);
  };
  result.y = tape.record(std::move(op));
  return result;
}

}  // namespace clearhead
