// y = n ⊙ w,  n = x / s,  s = √(Σ_c x_c² / C + ε)
//
//     x, n, y [R, C]: all axes but the last as R rows; s [R, 1]; w [C]
//     with g = ∂L/∂y ⊙ w, for each row:
//     ∂L/∂x = (g − n·mean(g ⊙ n)) / s
//     ∂L/∂w = Σ_r ∂L/∂y ⊙ n
//
// Source: Zhang and Sennrich, "Root mean square layer normalization" (2019), equation 4.
#include "clearhead/ops/rms_norm.h"

#include <cmath>

#include "clearhead/ops/norm_rows.h"

namespace clearhead {
namespace {

struct Saved {
  Tensor x, scale, weight;
};

template <typename T>
void forward(const Saved& saved, double epsilon, Tensor& scale, Tensor& y) {
  const std::int64_t C = saved.x.size(-1);
  const T* w = saved.weight.data<T>();
  T* scales = scale.mutable_data<T>();
  T* out = y.mutable_data<T>();
  for_each_row(saved.x, [&](std::int64_t r) {
    const T* x = saved.x.data<T>() + r * C;
    const T square = row_sum(C, [&](std::int64_t c) { return x[c] * x[c]; }) / static_cast<T>(C);
    scales[r] = std::sqrt(square + static_cast<T>(epsilon));
    const T inverse = 1 / scales[r];
    for (std::int64_t c = 0; c < C; ++c) out[r * C + c] = x[c] * inverse * w[c];  // y = n ⊙ w
  });
}

// Adds to d_x where it is wanted, and to the sum of d_y ⊙ n of this row.
template <typename T>
void backward_row(const Saved& saved, std::int64_t r, const T* d_y, T* d_x, T* d_w) {
  const std::int64_t C = saved.x.size(-1);
  const T* x = saved.x.data<T>() + r * C;
  const T* w = saved.weight.data<T>();
  const T inverse = 1 / saved.scale.data<T>()[r];
  const T* d = d_y + r * C;
  const auto n = [&](std::int64_t c) { return x[c] * inverse; };
  for (std::int64_t c = 0; c < C; ++c) d_w[c] += d[c] * n(c);  // y = n ⊙ w
  if (d_x == nullptr) return;
  const auto g = [&](std::int64_t c) { return d[c] * w[c]; };
  const T mean_gn = row_sum(C, [&](std::int64_t c) { return g(c) * n(c); }) / static_cast<T>(C);
  for (std::int64_t c = 0; c < C; ++c) {
    d_x[r * C + c] += (g(c) - n(c) * mean_gn) * inverse;  // n = x / s
  }
}

// x / s, for the views.
Var record_normalized(const Var& x, const Var& scale, const Tensor& numbers) {
  Operation view{.kind = "normalized", .formula = "{0} / {1}", .inputs = {x, scale}};
  view.view = [x, numbers](const Index& begin, const Index& end) {
    Tensor tile = x.tile(begin, end);
    Index row_begin = begin, row_end = end;
    row_begin.back() = 0;
    row_end.back() = 1;
    Tensor scales = numbers;
    for (std::size_t i = 0; i < begin.size(); ++i) {
      scales = scales.slice(static_cast<std::int64_t>(i), row_begin[i], row_end[i]);
    }
    return map(tile, scales, tile.shape(), [](auto number, auto s) { return number / s; });
  };
  view.view_shape = x.shape();
  view.view_dtype = x.dtype();
  view.explain = [x, scale](const Index& index) {
    return explain_normalized(x, {}, {}, {}, scale, index);
  };
  return x.tape().record(std::move(view));
}

}  // namespace

RmsNormOutput rms_norm(const Var& x, const Var& weight, double epsilon) {
  require_same_float("rms_norm", {x, weight});
  check_norm_weight("rms_norm", "weight", x, weight);
  Shape row_shape = x.shape();
  row_shape.back() = 1;
  Saved saved{x.value().contiguous(), Tensor::empty(row_shape, x.dtype()),
              weight.value().contiguous()};
  Tensor y = Tensor::empty(x.shape(), x.dtype());
  with_float(x.dtype(),
             [&](auto zero) { forward<decltype(zero)>(saved, epsilon, saved.scale, y); });
  Tape& tape = x.tape();
  RmsNormOutput result;

  Operation scale{.kind = "row_scale",
                  .formula = "√(mean({0}²) + " + format_number(epsilon) + ")",
                  .inputs = {x},
                  .value = saved.scale};
  scale.explain = [x, epsilon](const Index& index) {
    return explain_row_scale(x, {}, epsilon, index);
  };
  result.scale = tape.record(std::move(scale));
  if (tape.keep() == Keep::everything) {
    result.normalized = record_normalized(x, result.scale, saved.scale);
  }

  Operation op{.kind = "rms_norm",
               .formula = "{0} / {2} ⊙ {1}",
               .inputs = {x, weight, result.scale},
               .value = y};
  op.backward = [saved](const Tensor& d_y, Gradients& gradients) {
    with_float(d_y.dtype(), [&](auto zero) {
      using T = decltype(zero);
      T* d_x = gradients.data<T>(0);
      const T* d = d_y.data<T>();
      sum_over_rows<T>(saved.x, {gradients.data<T>(1), nullptr}, [&](std::int64_t r, T* sum_w, T*) {
        backward_row<T>(saved, r, d, d_x, sum_w);
      });
    });
  };
  op.explain = [x, weight, s = result.scale](const Index& index) {
    return explain_normalized(x, weight, {}, {}, s, index);
  };
  result.y = tape.record(std::move(op));
  return result;
}

}  // namespace clearhead
