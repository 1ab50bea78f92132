// The feed-forward part of a block.
#include "clearhead/nn/feed_forward.h"

#include "clearhead/ops/feed_forward.h"
#include "clearhead/ops/multiply.h"

namespace clearhead {
namespace {

std::int64_t hidden_size(std::int64_t C, const FeedForwardConfig& config) {
  return config.hidden_dim == 0 ? 4 * C : config.hidden_dim;
}

std::optional<Linear> gate(Parameters& parameters, std::int64_t C,
                           const FeedForwardConfig& config) {
  if (!config.gated) return std::nullopt;
  return Linear(parameters, C, hidden_size(C, config), "W_gate", "");
}

}  // namespace

FeedForward::FeedForward(Parameters& parameters, std::int64_t C, const FeedForwardConfig& config)
    : activation_(config.activation),
      in_(parameters, C, hidden_size(C, config), "W_in", config.bias ? "b_in" : ""),
      gate_(gate(parameters, C, config)),
      out_(parameters, hidden_size(C, config), C, "W_out", config.bias ? "b_out" : "",
           config.out_init_scale) {}

Var FeedForward::forward(const Var& x, const Pass& pass) const {
  if (!gate_) {
    const LinearWeights in = in_.on_tape(x.tape()), out = out_.on_tape(x.tape());
    return feed_forward(x, {in.weight, in.bias, out.weight, out.bias}, activation_,
                        pass.precision);  // [..., C]
  }
  const Var pre = gate_->forward(x, pass).named("hook_pre");        // [..., F]
  const Var gated = in_.forward(x, pass).named("hook_pre_linear");  // [..., F]
  const Var post = multiply(activate(pre, activation_), gated).named("hook_post");
  return out_.forward(post, pass);  // [..., C]
}

}  // namespace clearhead
