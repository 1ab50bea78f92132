// The feed-forward part of a block.
#include "clearhead/nn/feed_forward.h"

#include "clearhead/ops/feed_forward.h"
#include "clearhead/ops/gelu.h"
#include "clearhead/ops/multiply.h"
#include "clearhead/ops/relu.h"
#include "clearhead/ops/silu.h"

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

Var activate(const Var& x, Activation activation) {
  switch (activation) {
    case Activation::relu:
      return relu(x);
    case Activation::gelu:
      return gelu(x);
    case Activation::gelu_tanh:
      return gelu(x, /*tanh_approximation=*/true);
    case Activation::silu:
      break;
  }
  return silu(x);
}

FeedForward::FeedForward(Parameters& parameters, std::int64_t C, const FeedForwardConfig& config)
    : activation_(config.activation),
      in_(parameters, C, hidden_size(C, config), "W_in", config.bias ? "b_in" : ""),
      gate_(gate(parameters, C, config)),
      out_(parameters, hidden_size(C, config), C, "W_out", config.bias ? "b_out" : "",
           config.out_init_scale) {}

Var FeedForward::forward(const Var& x, const Pass& pass) const {
  if (!gate_) {
    const LinearWeights in = in_.on_tape(x.tape()), out = out_.on_tape(x.tape());
    const FeedForwardWeights weights = {in.weight, in.bias, out.weight, out.bias};
    const bool is_seen = x.tape().looks_into({"hook_pre", "hook_post"});
    if (!is_seen && takes_feed_forward(x, weights, activation_, pass.precision)) {
      return feed_forward(x, weights, activation_);  // [..., C]
    }
    const Var pre = in_.forward(x, pass).named("hook_pre");          // [..., F]
    const Var post = activate(pre, activation_).named("hook_post");  // [..., F]
    return out_.forward(post, pass);                                 // [..., C]
  }
  const Var pre = gate_->forward(x, pass).named("hook_pre");        // [..., F]
  const Var gated = in_.forward(x, pass).named("hook_pre_linear");  // [..., F]
  const Var post = multiply(activate(pre, activation_), gated).named("hook_post");
  return out_.forward(post, pass);  // [..., C]
}

}  // namespace clearhead
