// A language model that sees what came before: GPT-2, Llama and their like.
//
//     x = embedding of tokens + positions
//     for each block:  x → causal attention → add & norm → feed-forward → add & norm
//     logits = norm(x)·W_Uᵀ
//
// Sources: Radford et al., "Language models are unsupervised multitask learners" (2019), GPT-2;
// Touvron et al., "LLaMA" (2023).
#ifndef CLEARHEAD_MODELS_DECODER_H_
#define CLEARHEAD_MODELS_DECODER_H_

#include <optional>
#include <vector>

#include "clearhead/models/model.h"
#include "clearhead/models/transformer_parts.h"

namespace clearhead {

/// Turns tokens into vectors that depend on the tokens before them, and with `cross_attention` on
/// what an encoder has read.
class DecoderStack {
 public:
  /// Adds to the parameters those of positions, blocks.0.…, blocks.1.…, … and ln_final.….
  DecoderStack(Parameters& parameters, const TransformerConfig& config,
               bool cross_attention = false);

  /// tokens i64 [B, T] → [B, T, C]; `memory` only with cross-attention.
  Var forward(const Embedding& table, const Var& tokens, const Pass& pass, DecodingState* state,
              const Memory& memory = {}) const;

 private:
  Input input_;
  std::vector<Block> blocks_;
  std::optional<Norm> norm_;
};

/// A language model of causal blocks: GPT-2 (Radford et al. 2019), Llama and their like.
class Decoder : public LanguageModel {
 public:
  /// Parameters are called as in TransformerLens: embed.W_E, pos_embed.W_pos, blocks.0.attn.W_Q, …
  /// Throws Error if the config does not fit together.
  explicit Decoder(const TransformerConfig& config, Seed seed = 0, DType dtype = DType::f32);

  /// Records hook_embed, what each block does within blocks.0, blocks.1, …, and logits.
  Var forward(const Var& tokens, const Pass& pass, DecodingState* state = nullptr) const override;
  /// Likewise.
  Var forward_last(const Var& tokens, const Pass& pass, DecodingState& state) const override;

 private:
  Embedding table_;
  DecoderStack stack_;
  Unembed unembed_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_DECODER_H_
