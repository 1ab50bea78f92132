#include "clearhead/nn/norm.h"

#include "clearhead/ops/layer_norm.h"
#include "clearhead/ops/rms_norm.h"

namespace clearhead {

Norm::Norm(Parameters& parameters, std::string_view name, std::int64_t C, const NormConfig& config)
    : name_(name), config_(config) {
  const auto scope = parameters.scope(name);
  w_ = parameters.ones("w", {C});
  if (config_.kind == NormKind::layer && config_.bias) b_ = parameters.zeros("b", {C});
}

Var Norm::forward(const Var& x) const {
  Tape& tape = x.tape();
  const auto scope = tape.scope(name_);
  if (config_.kind == NormKind::layer) {
    const LayerNormOutput out = layer_norm(x, on(tape, w_), on(tape, b_), config_.epsilon);
    out.mean.named("hook_mean");
    out.scale.named("hook_scale");
    return out.y.named("hook_normalized");
  }
  const RmsNormOutput out = rms_norm(x, on(tape, w_), config_.epsilon);
  out.scale.named("hook_scale");
  if (out.normalized.defined()) out.normalized.named("hook_normalized");
  return out.y;
}

}  // namespace clearhead
