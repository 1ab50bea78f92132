#include "clearhead/models/decoder.h"

#include <string>

namespace clearhead {

Decoder::Decoder(const TransformerConfig& config, std::uint64_t seed, DType dtype)
    : LanguageModel(config.vocabulary, config.context, initial_weights(config, seed), dtype),
      table_(parameters_, config.vocabulary, config.channels, "embed.W_E"),
      input_(parameters_, config, /*bidirectional=*/false),
      blocks_(stack<DecoderBlock>(parameters_, config)),
      output_(parameters_, config) {}

Var Decoder::forward(const Var& tokens, const Pass& pass, DecodingState* state) const {
  Tape& tape = tokens.tape();
  const std::int64_t first = state == nullptr ? 0 : state->length;
  if (state != nullptr) state->blocks.resize(blocks_.size());

  Var x = input_.forward(table_, tokens, pass, first);  // [B, T, C]
  const AttentionOptions options{.attn_mask = input_.score_bias(x, first)};
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const auto scope = tape.scope("blocks." + std::to_string(i));
    BlockCache* cache = state == nullptr ? nullptr : &state->blocks[i];
    x = blocks_[i].forward(x, pass, {.self_options = options, .cache = cache});  // [B, T, C]
  }
  if (state != nullptr) state->length += tokens.size(1);
  return output_.forward(x, table_, pass);  // [B, T, V]
}

}  // namespace clearhead
