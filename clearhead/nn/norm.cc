// Layer, RMS and batch norm, as layers.
#include "clearhead/nn/norm.h"

#include <type_traits>

#include "clearhead/ops/batch_norm.h"
#include "clearhead/ops/layer_norm.h"
#include "clearhead/ops/rms_norm.h"

namespace clearhead {
namespace {

// statistic = (1 − share)·statistic + share·factor·latest, in a tensor of its own: values of it
// that lie on a tape stay as they are.
void move_towards(Tensor& statistic, const Tensor& latest, double factor, double share) {
  Tensor moved = statistic.clone();
  with_dtype(moved.dtype(), [&](auto zero) {
    using T = decltype(zero);
    if constexpr (std::is_floating_point_v<T>) {
      T* numbers = moved.mutable_data<T>();
      for (std::int64_t c = 0; c < moved.count(); ++c) {
        numbers[c] = static_cast<T>((1 - share) * static_cast<double>(numbers[c]) +
                                    share * factor * latest.at({c}));
      }
    }
  });
  statistic = moved;
}

}  // namespace

Norm::Norm(Parameters& parameters, std::string_view name, std::int64_t C, const NormConfig& config)
    : name_(name), config_(config) {
  const auto scope = parameters.scope(name);
  w_ = parameters.ones("w", {C});
  const bool is_batch = config_.kind == NormKind::batch;
  if (is_batch || (config_.kind == NormKind::layer && config_.bias)) {
    b_ = parameters.zeros("b", {C});
  }
  if (!is_batch) return;
  running_mean_ = parameters.statistic("running_mean", {C}, 0);
  running_variance_ = parameters.statistic("running_variance", {C}, 1);
}

Var Norm::forward(const Var& x, const Pass& pass) const {
  Tape tape = x.tape();
  const auto scope = tape.scope(name_);
  if (config_.kind == NormKind::batch) return forward_batch(x, pass);
  if (config_.kind == NormKind::layer) {
    const LayerNormOutput out = layer_norm(x, on(tape, w_), on(tape, b_), config_.epsilon);
    out.mean.shown_as("hook_mean");
    out.scale.shown_as("hook_scale");
    return out.y.named("hook_normalized");
  }
  const RmsNormOutput out = rms_norm(x, on(tape, w_), config_.epsilon);
  out.scale.shown_as("hook_scale");
  out.normalized.shown_as("hook_normalized");
  return out.y;
}

Var Norm::forward_batch(const Var& x, const Pass& pass) const {
  Tape tape = x.tape();
  if (!pass.training) {
    return batch_norm(x, on(tape, w_), on(tape, b_),
                      tape.input("hook_mean", running_mean_->value(), false),
                      tape.input("hook_variance", running_variance_->value(), false),
                      config_.epsilon)
        .named("hook_normalized");
  }
  const BatchNormOutput out = batch_norm(x, on(tape, w_), on(tape, b_), config_.epsilon);
  // The variance of what the batch is a sample of: n / (n − 1) of the batch's own.
  const auto n = static_cast<double>(element_count(x.shape()) / x.size(-1));
  move_towards(running_mean_->mutable_value(), out.mean.value(), 1, config_.momentum);
  move_towards(running_variance_->mutable_value(), out.variance.value(), n > 1 ? n / (n - 1) : 1,
               config_.momentum);
  out.mean.shown_as("hook_mean");
  out.variance.shown_as("hook_variance");
  return out.y.named("hook_normalized");
}

}  // namespace clearhead
