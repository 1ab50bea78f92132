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

#include "clearhead/ops/norm_rows_internal.h"

namespace clearhead {
namespace {

// Positions [begin, end) of x / s.
Tensor normalized_tile(const Var& x, const Var& scale, Index begin, Index end) {
  const Tensor tile = x.tile(begin, end);
  begin.back() = 0;
  end.back() = 1;
  return map(tile, scale.tile(begin, end), tile.shape(),
             [](auto number, auto s) { return number / s; });
}

}  // namespace

RmsNormOutput rms_norm(const Var& x, const Var& weight, double epsilon) {
  require_same_float("rms_norm", {x, weight});
  check_norm_weight("rms_norm", "weight", x, weight);
  Tape tape = x.tape();
  NormRows rows(x, weight, /*centered=*/false, epsilon);
  const Tensor y = rows.forward({});  // y = n ⊙ w
  const Tensor scales = map(rows.inverse, [](auto inverse) { return 1 / inverse; });
  RmsNormOutput result;
  result.scale = tape.record("row_scale", {x}, scales, [&](Record& op) {
    op.formula = "√(mean({0}²) + " + format_number(epsilon) + ")";
    op.explain = [epsilon](const Var& scale, const Index& index) {
      return explain_row_scale(scale.input(0), {}, epsilon, index);
    };
  });
  result.normalized = tape.record("normalized", {x, result.scale}, [&](Record& op) {
    op.formula = "{0} / {1}";
    op.view = [](const Var& n, const Index& begin, const Index& end) {
      return normalized_tile(n.input(0), n.input(1), begin, end);
    };
    op.view_shape = x.shape();
    op.view_dtype = x.dtype();
    op.explain = [](const Var& n, const Index& index) {
      return explain_normalized(n.input(0), {}, {}, {}, n.input(1), index);
    };
  });
  result.y = tape.record("rms_norm", {x, weight, result.scale}, y, [&](Record& op) {
    op.formula = "{0} / {2} ⊙ {1}";
    op.backward = [rows](const Tensor& d_y, Gradients& gradients) {
      rows.backward(d_y, gradients, /*bias=*/0);  // y = n ⊙ w
    };
    op.explain = [](const Var& y, const Index& index) {
      return explain_normalized(y.input(0), y.input(1), {}, {}, y.input(2), index);
    };
  });
  return result;
}

}  // namespace clearhead
