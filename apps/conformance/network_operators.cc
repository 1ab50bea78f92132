// Runs the operators of networks and training, besides attention, on conformance cases.
#include "apps/conformance/network_operators.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "apps/conformance/inputs.h"
#include "clearhead/base/error.h"
#include "clearhead/compute/optimizer.h"
#include "clearhead/ops/cross_entropy.h"
#include "clearhead/ops/layer_norm.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/rms_norm.h"
#include "clearhead/ops/rotary.h"

namespace clearhead::conformance {
namespace {

// The axes from `axis` on as one, [outer, inner]: what ONNX normalises over.
struct Flat {
  Shape shape;      // of the case
  Shape row_shape;  // the same with 1 from `axis` on
  std::int64_t inner = 1;
};

Flat flat(const Tensor& x, std::int64_t axis) {
  Flat result{x.shape(), x.shape()};
  for (auto i = static_cast<std::size_t>(normalize_axis(axis, x.rank())); i < x.shape().size();
       ++i) {
    result.inner *= x.shape()[i];
    result.row_shape[i] = 1;
  }
  return result;
}

Tensor reciprocal(const Tensor& x) {
  Tensor result = x.clone();
  for (std::int64_t i = 0; i < x.count(); ++i) {
    result.mutable_data<float>()[i] = 1 / result.mutable_data<float>()[i];
  }
  return result;
}

}  // namespace

std::vector<Tensor> run_layer_normalization(Case& c) {
  require_inputs(c, 2, 3);
  Tape tape(Keep::nothing);
  const Flat f = flat(input(c, 0), c.attributes.integer("axis", -1));
  const double epsilon = c.attributes.number("epsilon", 1e-5);
  c.attributes.require_all_known();
  const Var bias = on_tape(tape, c, 2);
  const LayerNormOutput out = layer_norm(
      reshape(on_tape(tape, c, 0), {-1, f.inner}), reshape(on_tape(tape, c, 1), {f.inner}),
      bias.defined() ? reshape(bias, {f.inner}) : Var(), epsilon);
  return {out.y.value().reshape(f.shape), out.mean.value().reshape(f.row_shape),
          reciprocal(out.scale.value()).reshape(f.row_shape)};
}

std::vector<Tensor> run_rms_normalization(Case& c) {
  require_inputs(c, 2, 2);
  Tape tape(Keep::nothing);
  const Flat f = flat(input(c, 0), c.attributes.integer("axis", -1));
  const double epsilon = c.attributes.number("epsilon", 1e-5);
  c.attributes.require_all_known();
  const RmsNormOutput out = rms_norm(reshape(on_tape(tape, c, 0), {-1, f.inner}),
                                     reshape(on_tape(tape, c, 1), {f.inner}), epsilon);
  return {out.y.value().reshape(f.shape)};
}

std::vector<Tensor> run_rotary_embedding(Case& c) {
  require_inputs(c, 3, 4);
  Tape tape(Keep::nothing);
  const bool interleaved = c.attributes.integer("interleaved", 0) != 0;
  const std::int64_t heads = c.attributes.integer("num_heads", 0);
  const std::int64_t dim = c.attributes.integer("rotary_embedding_dim", 0);
  c.attributes.require_all_known();
  const RotaryAngles angles{input(c, 1), input(c, 2)};
  if (dim != 0 && 2 * angles.cos.size(-1) != dim) {
    throw Error("attribute rotary_embedding_dim does not fit to cos_cache");
  }
  const RotaryOptions options{.interleaved = interleaved, .position_ids = input(c, 3)};
  const Var x = on_tape(tape, c, 0);
  if (x.rank() != 3) return {rotary(x, angles, options).value()};
  if (heads < 1) throw Error("attribute num_heads: expected with an input of 3 axes");
  const Var split = reshape(x, {x.size(0), x.size(1), heads, x.size(2) / heads});
  const Var y = rotary(transpose(split, 1, 2), angles, options);  // [B, H, T, D]
  return {reshape(transpose(y, 1, 2), x.shape()).value()};
}

std::vector<Tensor> run_softmax_cross_entropy_loss(Case& c) {
  require_inputs(c, 2, 3);
  Tape tape;
  const std::string reduction = c.attributes.text("reduction", "mean");
  CrossEntropyOptions options;
  if (c.attributes.has("ignore_index")) {
    options.ignore_index = c.attributes.integer("ignore_index", 0);
  }
  c.attributes.require_all_known();
  options.class_weight = input(c, 2);
  if (reduction != "none" && reduction != "sum" && reduction != "mean") {
    throw Error("attribute reduction: expected none, sum or mean, got " + reduction);
  }
  options.reduction = reduction == "none"  ? Reduction::none
                      : reduction == "sum" ? Reduction::sum
                                           : Reduction::mean;
  const Var scores = on_tape(tape, c, 0);  // [N, C, …]: the classes are axis 1
  std::vector<std::int64_t> last = {0}, back = {0, scores.rank() - 1};
  for (std::int64_t axis = 2; axis < scores.rank(); ++axis) {
    last.push_back(axis);
    back.push_back(axis - 1);
  }
  last.push_back(1);
  const CrossEntropyOutput out = cross_entropy(permute(scores, last), on_tape(tape, c, 1), options);
  Tensor loss = out.loss.value();
  if (loss.rank() == 0) loss = loss.reshape({1});  // a single number, as the cases have it
  return {loss, out.log_prob.value().permute(back)};
}

// Inputs R, T, then of n tensors all X, all G, all V, all H; outputs X, V, H anew.
std::vector<Tensor> run_adam(Case& c) {
  const std::size_t n = (c.inputs.size() - std::min<std::size_t>(c.inputs.size(), 2)) / 4;
  if (n == 0 || c.inputs.size() != 2 + 4 * n) throw Error("Adam needs 2 + 4·n inputs");
  require_inputs(c, 2 + 4 * n, 2 + 4 * n);
  const double decay = c.attributes.number("norm_coefficient", 0);
  const double decay_after = c.attributes.number("norm_coefficient_post", 0);
  compute::AdamwStep options{.learning_rate = input(c, 0).item(),
                             .beta1 = c.attributes.number("alpha", 0.9),
                             .beta2 = c.attributes.number("beta", 0.999),
                             .epsilon = c.attributes.number("epsilon", 0),
                             .step = 1,
                             .scale = 1};
  c.attributes.require_all_known();
  const auto step = static_cast<std::int64_t>(input(c, 1).item());
  // Without a step ONNX does not correct that v and h begin with 0: as after a great many steps.
  options.step = step > 0 ? step : std::numeric_limits<std::int64_t>::max();
  // ONNX adds epsilon to √h before the correction, AdamW after it.
  options.epsilon /= std::sqrt(1 - std::pow(options.beta2, static_cast<double>(options.step)));

  std::vector<Tensor> outputs(3 * n);
  for (std::size_t i = 0; i < n; ++i) {
    Tensor x = input(c, 2 + i).clone(), g = input(c, 2 + n + i).clone();
    Tensor v = input(c, 2 + 2 * n + i).clone(), h = input(c, 2 + 3 * n + i).clone();
    float* numbers = x.mutable_data<float>();
    for (std::int64_t k = 0; k < x.count(); ++k) {
      g.mutable_data<float>()[k] += static_cast<float>(decay) * numbers[k];
    }
    compute::ParameterStep parameter[] = {{x, g, v, h, /*weight_decay=*/0}};
    compute::adamw(parameter, options);
    for (std::int64_t k = 0; k < x.count(); ++k) {
      numbers[k] *= 1 - static_cast<float>(decay_after);
    }
    outputs[i] = x;
    outputs[n + i] = v;
    outputs[2 * n + i] = h;
  }
  return outputs;
}

}  // namespace clearhead::conformance
