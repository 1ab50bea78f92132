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

#include "clearhead/ops/norm_rows.h"

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
  Tape& tape = x.tape();
  NormRows rows(x, weight, /*centered=*/true, epsilon);
  const Tensor y =  // y = n ⊙ w + b
      rows.forward(bias.defined() ? bias.value().contiguous() : Tensor());
  const Tensor s = map(rows.inverse, [](auto inverse) { return 1 / inverse; });
  if (tape.keep() == Keep::nothing) {
    return {.y = tape.unrecorded("layer_norm", {&x, &weight, &bias}, y),
            .mean = tape.unrecorded("row_mean", {&x}, rows.mean),
            .scale = tape.unrecorded("row_scale", {&x}, s)};
  }
  LayerNormOutput result;

  Operation mean{.kind = "row_mean", .formula = "mean({0})", .inputs = {x}, .value = rows.mean};
  mean.explain = [x](const Index& index) { return explain_row_mean(x, index); };
  result.mean = tape.record(std::move(mean));

  Operation scale{.kind = "row_scale",
                  .formula = "√(mean(({0} - {1})²) + " + format_number(epsilon) + ")",
                  .inputs = {x, result.mean},
                  .value = s};
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
  op.backward = [rows, b = bias.defined() ? 4u : 0u](const Tensor& d_y, Gradients& gradients) {
    rows.backward(d_y, gradients, b);  // y = n ⊙ w + b
  };
  op.explain = [x, weight, bias, m = result.mean, scale = result.scale](const Index& index) {
    return explain_normalized(x, weight, bias, m, scale, index);
  };
  result.y = tape.record(std::move(op));
  return result;
}

}  // namespace clearhead
