// y = n ⊙ w + b,  n = (x − m) / s,  m = Σ_c x_c / C,  s = √(Σ_c (x_c − m)² / C + ε)
//
//     x, n, y [R, C]: all axes but the last as R rows; m, s [R, 1]; w, b [C]
//     with g = ∂L/∂y ⊙ w, for each row:
//     ∂L/∂x = (g − mean(g) − n·mean(g ⊙ n)) / s
//     ∂L/∂w = Σ_r ∂L/∂y ⊙ n      ∂L/∂b = Σ_r ∂L/∂y
//
// The loops are behind compute/norms.h.
//
// Source: Ba, Kiros and Hinton, "Layer normalization" (2016).
#include "clearhead/ops/layer_norm.h"

#include "clearhead/ops/norm_rows_internal.h"

namespace clearhead {
namespace {

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
  Tape tape = x.tape();
  NormRows rows(x, weight, /*centered=*/true, epsilon);
  const Tensor y =  // y = n ⊙ w + b
      rows.forward(bias.defined() ? bias.value().contiguous() : Tensor());
  const Tensor s = map(rows.inverse, [](auto inverse) { return 1 / inverse; });
  LayerNormOutput result;
  result.mean = tape.record("row_mean", {x}, rows.mean, [](Record& op) {
    op.formula = "mean({0})";
    op.explain = [](const Var& mean, const Index& index) {
      return explain_row_mean(mean.input(0), index);
    };
  });
  result.scale = tape.record("row_scale", {x, result.mean}, s, [&](Record& op) {
    op.formula = "√(mean(({0} - {1})²) + " + format_number(epsilon) + ")";
    op.explain = [epsilon](const Var& scale, const Index& index) {
      return explain_row_scale(scale.input(0), scale.input(1), epsilon, index);
    };
  });
  const OperandList operands = {x, weight, result.mean, result.scale, bias};
  result.y = tape.record("layer_norm", operands, y, [&](Record& op) {
    op.formula = "({0} - {2}) / {3} ⊙ {1}";
    if (bias.defined()) op.formula += " + {4}";
    op.backward = [rows](const Tensor& d_y, Gradients& gradients) {
      rows.backward(d_y, gradients, /*bias=*/4);  // y = n ⊙ w + b
    };
    op.explain = [](const Var& y, const Index& index) {
      return explain_normalized(y.input(0), y.input(1), y.input(4), y.input(2), y.input(3), index);
    };
  });
  return result;
}

}  // namespace clearhead
