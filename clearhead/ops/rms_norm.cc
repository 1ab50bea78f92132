// y = n ⊙ w,  n = x / s,  s = √(Σ_c x_c² / C + ε)
//
//     x, n, y [R, C]: all axes but the last as R rows; s [R, 1]; w [C]
//     with g = ∂L/∂y ⊙ w, for each row:
//     ∂L/∂x = (g − n·mean(g ⊙ n)) / s
//     ∂L/∂w = Σ_r ∂L/∂y ⊙ n
//
// The loops are behind compute/norms.h.
//
// Source: Zhang and Sennrich, "Root mean square layer normalization" (2019), equation 4.
#include "clearhead/ops/rms_norm.h"

#include "clearhead/ops/norm_rows.h"

namespace clearhead {
namespace {

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
  Tape& tape = x.tape();
  NormRows rows(x, weight, /*centered=*/false, epsilon);
  const Tensor y = rows.forward({});  // y = n ⊙ w
  const Tensor scales = map(rows.inverse, [](auto inverse) { return 1 / inverse; });
  RmsNormOutput result;

  Operation scale{.kind = "row_scale",
                  .formula = "√(mean({0}²) + " + format_number(epsilon) + ")",
                  .inputs = {x},
                  .value = scales};
  scale.explain = [x, epsilon](const Index& index) {
    return explain_row_scale(x, {}, epsilon, index);
  };
  result.scale = tape.record(std::move(scale));
  if (tape.keep() == Keep::everything) {
    result.normalized = record_normalized(x, result.scale, scales);
  }

  Operation op{.kind = "rms_norm",
               .formula = "{0} / {2} ⊙ {1}",
               .inputs = {x, weight, result.scale},
               .value = y};
  op.backward = [rows](const Tensor& d_y, Gradients& gradients) {
    rows.backward(d_y, gradients, /*bias=*/0);  // y = n ⊙ w
  };
  op.explain = [x, weight, s = result.scale](const Index& index) {
    return explain_normalized(x, weight, {}, {}, s, index);
  };
  result.y = tape.record(std::move(op));
  return result;
}

}  // namespace clearhead
