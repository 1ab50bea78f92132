// What transformers have besides their blocks: the embedding of tokens and positions at the
// beginning, and the norm and the scores of tokens at the end.
#ifndef CLEARHEAD_MODELS_TRANSFORMER_PARTS_H_
#define CLEARHEAD_MODELS_TRANSFORMER_PARTS_H_

#include <optional>
#include <string>
#include <vector>

#include "clearhead/models/transformer_config.h"
#include "clearhead/nn/dropout.h"
#include "clearhead/nn/embedding.h"
#include "clearhead/nn/norm.h"
#include "clearhead/nn/positions.h"

namespace clearhead {

/// What a transformer does before its blocks: from tokens to vectors that have positions.
class Input {
 public:
  /// Adds to the parameters those of positions, types of tokens and the norm. The table of tokens
  /// belongs to the model, because the scores at its end may share it. Encoders look both ways:
  /// `bidirectional`.
  Input(Parameters& parameters, const TransformerConfig& config, bool bidirectional);

  /// tokens i64 [B, T], at the positions from `first` on, and their types i64 [B, T] (default: all
  /// 0) → [B, T, C]. Records hook_embed, hook_pos_embed if positions are added,
  /// hook_token_type_embed if types are, and what the norm records. Throws Error beyond the
  /// context, and for types if the model has none.
  Var forward(const Embedding& table, const Var& tokens, const Pass& pass, std::int64_t first = 0,
              const Tensor& token_types = {}) const;

  /// What positions add to the scores of every layer: [1, H, T, first + T], or nothing.
  Var score_bias(const Var& x, std::int64_t first = 0) const;

 private:
  std::int64_t context_;
  double embedding_scale_;
  Positions positions_;
  std::optional<Embedding> token_types_;
  std::optional<Norm> norm_;
  Dropout dropout_;
};

/// The norm after the last block, ln_final, if norms stand before their parts: then nothing has
/// normalised the result of that block.
std::optional<Norm> final_norm(Parameters& parameters, const TransformerConfig& config);

/// Scores of tokens, by the table of tokens itself if the config ties them; with `bias` they have
/// one whatever the config says.
Unembed unembed(Parameters& parameters, const TransformerConfig& config, const Embedding& table,
                bool bias = false);

/// The blocks of a stack, whose parameters begin with blocks.0., blocks.1., ….
std::vector<Block> stack(Parameters& parameters, const TransformerConfig& config,
                         bool cross_attention = false);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_TRANSFORMER_PARTS_H_
