// A masked model of transformer blocks.
#include "clearhead/models/encoder.h"

#include <string>

#include "clearhead/ops/feed_forward.h"

namespace clearhead {

EncoderStack::EncoderStack(Parameters& parameters, const TransformerConfig& config)
    : input_(parameters, config, /*bidirectional=*/true),
      blocks_(stack(parameters, config)),
      norm_(final_norm(parameters, config)) {}

Var EncoderStack::forward(const Embedding& table, const Var& tokens, const Tensor& lengths,
                          const Pass& pass, const Tensor& token_types) const {
  Tape tape = tokens.tape();
  Var x = input_.forward(table, tokens, pass, /*first=*/0, token_types);  // [B, S, C]
  const BlockContext context{
      .own = {.attn_mask = input_.score_bias(x), .nonpad_kv_seqlen = lengths}};
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const auto scope = tape.scope("blocks." + std::to_string(i));
    x = blocks_[i].forward(x, pass, context);  // [B, S, C]
  }
  return norm_ ? norm_->forward(x, pass) : x;
}

Encoder::Encoder(const TransformerConfig& config, Seed seed, DType dtype)
    : MaskedModel(config.vocabulary, config.context, initial_weights(config, seed), dtype),
      table_(parameters_, config.vocabulary, config.channels, "embed.W_E"),
      stack_(parameters_, config),
      head_(parameters_, config.channels, config.channels, "mlm_head.W",
            config.bias ? "mlm_head.b" : ""),
      activation_(config.activation),
      head_norm_(parameters_, "mlm_head.ln", config.channels, norm_config(config)),
      unembed_(unembed(parameters_, config, table_, config.bias)) {}

Var Encoder::forward(const Var& tokens, const Tensor& lengths, const Pass& pass,
                     const Tensor& token_types) const {
  const Var x = stack_.forward(table_, tokens, lengths, pass, token_types);  // [B, T, C]
  const Var y = activate(head_.forward(x, pass), activation_);               // [B, T, C]
  return unembed_.forward(head_norm_.forward(y, pass), pass);                // [B, T, V]
}

}  // namespace clearhead
