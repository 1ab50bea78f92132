// A network that sees a whole text at once and fills its gaps, as BERT does.
//
//     x = embedding of tokens + positions (+ token types)
//     for each block:  x → attention → add & norm → feed-forward → add & norm
//     logits = norm(act(x·Wᵀ + b))·W_Uᵀ + b_U
//
// Source: Devlin et al., "BERT: Pre-training of deep bidirectional transformers for language
// understanding" (2019), section 3.1 and appendix A.
#ifndef CLEARHEAD_MODELS_ENCODER_H_
#define CLEARHEAD_MODELS_ENCODER_H_

#include <optional>
#include <vector>

#include "clearhead/models/model.h"
#include "clearhead/models/transformer_parts.h"

namespace clearhead {

/// Turns tokens into vectors that depend on the whole text.
class EncoderStack {
 public:
  /// Adds to the parameters those of positions, blocks.0.…, blocks.1.…, … and ln_final.….
  EncoderStack(Parameters& parameters, const TransformerConfig& config);

  /// tokens i64 [B, S], of which `lengths` i64 [B] (default: all) are not padding, and their types
  /// i64 [B, S] (default: all 0) → [B, S, C]
  Var forward(const Embedding& table, const Var& tokens, const Tensor& lengths, const Pass& pass,
              const Tensor& token_types = {}) const;

 private:
  Input input_;
  std::vector<Block> blocks_;
  std::optional<Norm> norm_;
};

/// A masked model of blocks that look both ways: BERT (Devlin et al. 2019) and its like.
class Encoder : public MaskedModel {
 public:
  /// Parameters are called as in TransformerLens: embed.W_E, pos_embed.W_pos, blocks.0.attn.W_Q, …,
  /// mlm_head.W, … Throws Error if the config does not fit together.
  explicit Encoder(const TransformerConfig& config, Seed seed = 0, DType dtype = DType::f32);

  /// Records hook_embed, what each block does within blocks.0, blocks.1, …, mlm_head.ln.… and
  /// logits.
  Var forward(const Var& tokens, const Tensor& lengths, const Pass& pass,
              const Tensor& token_types = {}) const override;

 private:
  Embedding table_;
  EncoderStack stack_;
  Linear head_;
  Activation activation_;
  Norm head_norm_;
  Unembed unembed_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_ENCODER_H_
