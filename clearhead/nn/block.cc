// The blocks of transformers.
#include "clearhead/nn/block.h"

#include "clearhead/base/error.h"
#include "clearhead/ops/attention_steps.h"

namespace clearhead {
namespace {

// Makes a layer whose parameters begin with "name.".
template <typename Layer, typename... Arguments>
Layer within(Parameters& parameters, const char* name, const Arguments&... arguments) {
  const auto scope = parameters.scope(name);
  return Layer(parameters, arguments...);
}

Norm norm(Parameters& parameters, const char* name, const BlockConfig& config) {
  return Norm(parameters, name, config.attention.embed_dim, config.norm);
}

// The memory is not a sequence that the block's positions belong to.
MultiHeadAttentionConfig cross_config(MultiHeadAttentionConfig config) {
  config.rotary = {};
  config.window = 0;
  return config;
}

}  // namespace

Block::Block(Parameters& parameters, const BlockConfig& config, bool cross_attention)
    : pre_norm_(config.pre_norm),
      attention_(within<MultiHeadAttention>(parameters, "attn", config.attention)),
      norm_1_(norm(parameters, "ln1", config)),
      cross_attention_(cross_attention
                           ? std::optional(within<MultiHeadAttention>(
                                 parameters, "cross_attn", cross_config(config.attention)))
                           : std::nullopt),
      norm_cross_(cross_attention ? std::optional(norm(parameters, "ln2", config)) : std::nullopt),
      feed_forward_(
          within<FeedForward>(parameters, "mlp", config.attention.embed_dim, config.feed_forward)),
      norm_2_(norm(parameters, cross_attention ? "ln3" : "ln2", config)),
      dropout_1_(parameters, steps::kAttnOut),
      dropout_cross_(parameters, "hook_cross_attn_out"),
      dropout_2_(parameters, "hook_mlp_out") {
  if (!config.result_norm) return;
  if (!config.pre_norm || cross_attention) {
    throw Error("block: norms of results go with pre_norm and without cross-attention");
  }
  result_norm_1_.emplace(norm(parameters, "ln1_post", config));
  result_norm_2_.emplace(norm(parameters, "ln2_post", config));
}

Var Block::forward(const Var& input, const Pass& pass, const BlockContext& context) const {
  const auto attention = [&](const Var& x) {
    const Var y = self_attention(x, pass, context);
    return (result_norm_1_ ? result_norm_1_->forward(y, pass) : y).named(steps::kAttnOut);
  };
  const auto cross_attention = [&](const Var& x) {
    return this->cross_attention(x, pass, context).named("hook_cross_attn_out");
  };
  const auto feed_forward = [&](const Var& x) {
    const Var y = this->feed_forward(x, pass);
    return (result_norm_2_ ? result_norm_2_->forward(y, pass) : y).named("hook_mlp_out");
  };
  const auto norm_1 = [&](const Var& x) { return norm_1_.forward(x, pass); };
  const auto norm_cross = [&](const Var& x) { return norm_cross_->forward(x, pass); };
  const auto norm_2 = [&](const Var& x) { return norm_2_.forward(x, pass); };
  const auto add = [&](const Var& x, const Var& part, const Dropout& dropout) {
    return dropout.add_to(x, part, pass);
  };

  Var x = input.named("hook_resid_pre");
  if (pre_norm_) {
    x = add(x, attention(norm_1(x)), dropout_1_).named("hook_resid_mid");
    if (cross_attention_) {
      x = add(x, cross_attention(norm_cross(x)), dropout_cross_).named("hook_resid_mid_cross");
    }
    return add(x, feed_forward(norm_2(x)), dropout_2_).named("hook_resid_post");
  }
  x = add(x, attention(x), dropout_1_).named("hook_resid_mid");
  x = norm_1(x).named("hook_normalized_resid_mid");
  if (cross_attention_) {
    x = add(x, cross_attention(x), dropout_cross_).named("hook_resid_mid_cross");
    x = norm_cross(x).named("hook_normalized_resid_mid_cross");
  }
  x = add(x, feed_forward(x), dropout_2_).named("hook_resid_post");
  return norm_2(x).named("hook_normalized_resid_post");
}

Var Block::self_attention(const Var& x, const Pass& pass, const BlockContext& context) const {
  const auto scope = x.tape().scope("attn");
  return attention_.forward(x, x, pass, context.own,
                            context.cache == nullptr ? nullptr : &context.cache->self);
}

Var Block::cross_attention(const Var& x, const Pass& pass, const BlockContext& context) const {
  const auto scope = x.tape().scope("cross_attn");
  KeyValueCache* cache = context.cache == nullptr ? nullptr : &context.cache->cross;
  const bool is_known = cache != nullptr && cache->length() > 0;
  return cross_attention_->forward(x, is_known ? Var() : context.memory, pass, context.of_memory,
                                   cache);
}

Var Block::feed_forward(const Var& x, const Pass& pass) const {
  const auto scope = x.tape().scope("mlp");
  return feed_forward_.forward(x, pass);
}

}  // namespace clearhead
