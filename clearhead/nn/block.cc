#include "clearhead/nn/block.h"

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

const ResidualNames kAroundAttention = {"ln1", "hook_attn_out", "hook_resid_mid",
                                        "hook_normalized_resid_mid"};
const ResidualNames kAroundCrossAttention = {"ln2", "hook_cross_attn_out", "hook_resid_mid_cross",
                                             "hook_normalized_resid_mid_cross"};

ResidualNames around_feed_forward(const char* norm) {
  return {norm, "hook_mlp_out", "hook_resid_post", "hook_normalized_resid_post"};
}

// Makes a layer whose parameters begin with "name.".
template <typename Layer, typename... Arguments>
Layer within(Parameters& parameters, const char* name, const Arguments&... arguments) {
  const auto scope = parameters.scope(name);
  return Layer(parameters, arguments...);
}

Residual residual(Parameters& parameters, const ResidualNames& names, const BlockConfig& config) {
  return Residual(parameters, names, config.attention.embed_dim, config.norm, config.pre_norm);
}

// The memory is not a sequence that the decoder's positions belong to.
MultiHeadAttentionConfig cross_config(MultiHeadAttentionConfig config) {
  config.rotary = {};
  return config;
}

}  // namespace

EncoderBlock::EncoderBlock(Parameters& parameters, const BlockConfig& config)
    : attention_(within<MultiHeadAttention>(parameters, "attn", config.attention)),
      add_norm_1_(residual(parameters, kAroundAttention, config)),
      feed_forward_(
          within<FeedForward>(parameters, "mlp", config.attention.embed_dim, config.feed_forward)),
      add_norm_2_(residual(parameters, around_feed_forward("ln2"), config)) {}

Var EncoderBlock::forward(const Var& x, const Pass& pass, const AttentionOptions& options) const {
  Tape& tape = x.tape();
  const auto attention = [&](const Var& in) {
    const auto scope = tape.scope("attn");
    return attention_.forward(in, in, pass, options);
  };
  const auto feed_forward = [&](const Var& in) {
    const auto scope = tape.scope("mlp");
    return feed_forward_.forward(in, pass);
  };
  Var y = x.named("hook_resid_pre");
  y = add_norm_1_.forward(y, attention, pass);
  y = add_norm_2_.forward(y, feed_forward, pass);
  return y;
}

DecoderBlock::DecoderBlock(Parameters& parameters, const BlockConfig& config, bool cross_attention)
    : attention_(within<MultiHeadAttention>(parameters, "attn", config.attention)),
      add_norm_1_(residual(parameters, kAroundAttention, config)),
      cross_attention_(cross_attention
                           ? std::optional(within<MultiHeadAttention>(
                                 parameters, "cross_attn", cross_config(config.attention)))
                           : std::nullopt),
      add_norm_cross_(cross_attention
                          ? std::optional(residual(parameters, kAroundCrossAttention, config))
                          : std::nullopt),
      feed_forward_(
          within<FeedForward>(parameters, "mlp", config.attention.embed_dim, config.feed_forward)),
      add_norm_2_(
          residual(parameters, around_feed_forward(cross_attention ? "ln3" : "ln2"), config)) {}

Var DecoderBlock::forward(const Var& x, const Pass& pass, const DecoderContext& context) const {
  Tape& tape = x.tape();
  BlockCache* cache = context.cache;
  const auto causal_attention = [&](const Var& in) {
    const auto scope = tape.scope("attn");
    AttentionOptions options = context.self_options;
    options.is_causal = true;
    return attention_.forward(in, in, pass, options, cache ? &cache->self : nullptr);
  };
  const auto cross_attention = [&](const Var& in) {
    const auto scope = tape.scope("cross_attn");
    const bool is_known = cache != nullptr && cache->cross.length() > 0;
    return cross_attention_->forward(in, is_known ? Var() : context.memory, pass,
                                     context.cross_options, cache ? &cache->cross : nullptr);
  };
  const auto feed_forward = [&](const Var& in) {
    const auto scope = tape.scope("mlp");
    return feed_forward_.forward(in, pass);
  };
  Var y = x.named("hook_resid_pre");
  y = add_norm_1_.forward(y, causal_attention, pass);
  if (cross_attention_) y = add_norm_cross_->forward(y, cross_attention, pass);
  y = add_norm_2_.forward(y, feed_forward, pass);
  return y;
}

}  // namespace clearhead
