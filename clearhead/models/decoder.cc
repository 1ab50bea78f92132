// A language model of transformer blocks.
#include "clearhead/models/decoder.h"

#include <string>

#include "clearhead/ops/reshape.h"

namespace clearhead {

DecoderStack::DecoderStack(Parameters& parameters, const TransformerConfig& config,
                           bool cross_attention)
    : input_(parameters, config, /*bidirectional=*/false),
      blocks_(stack(parameters, config, cross_attention)),
      norm_(final_norm(parameters, config)) {}

Var DecoderStack::forward(const Embedding& table, const Var& tokens, const Pass& pass,
                          DecodingState* state, const Memory& memory) const {
  Tape tape = tokens.tape();
  const std::int64_t first = state == nullptr ? 0 : state->length;
  if (state != nullptr) state->blocks.resize(blocks_.size());

  Var x = input_.forward(table, tokens, pass, first);  // [B, T, C]
  BlockContext context{.own = {.is_causal = true, .attn_mask = input_.score_bias(x, first)},
                       .memory = memory.states,
                       .of_memory = {.nonpad_kv_seqlen = memory.lengths}};
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const auto scope = tape.scope("blocks." + std::to_string(i));
    context.cache = state == nullptr ? nullptr : &state->blocks[i];
    x = blocks_[i].forward(x, pass, context);  // [B, T, C]
  }
  if (state != nullptr) state->length += tokens.size(1);
  return norm_ ? norm_->forward(x, pass) : x;
}

Decoder::Decoder(const TransformerConfig& config, Seed seed, DType dtype)
    : LanguageModel(config.vocabulary, config.context, initial_weights(config, seed), dtype),
      table_(parameters_, config.vocabulary, config.channels, "embed.W_E"),
      stack_(parameters_, config),
      unembed_(unembed(parameters_, config, table_)) {}

Var Decoder::forward(const Var& tokens, const Pass& pass, DecodingState* state) const {
  const Var x = stack_.forward(table_, tokens, pass, state);  // [B, T, C]
  return unembed_.forward(x, pass);                           // [B, T, V]
}

Var Decoder::forward_last(const Var& tokens, const Pass& pass, DecodingState& state) const {
  const Var x = stack_.forward(table_, tokens, pass, &state);            // [B, T, C]
  return unembed_.forward(slice(x, 1, x.size(1) - 1, x.size(1)), pass);  // [B, 1, V]
}

}  // namespace clearhead
