// How a network knows where a token stands. Rotary positions belong to attention
// (MultiHeadAttentionConfig::rotary); this file has the others.
#ifndef CLEARHEAD_NN_POSITIONS_H_
#define CLEARHEAD_NN_POSITIONS_H_

#include <cstdint>

#include "clearhead/nn/parameters.h"
#include "clearhead/ops/relative_bias.h"
#include "clearhead/ops/sinusoid.h"

namespace clearhead {

/// How order comes in.
enum class PositionKind {
  none,        ///< not at all, or by rotary positions within attention
  learned,     ///< a learned vector for each position is added to the token's (BERT, GPT-2)
  sinusoidal,  ///< the same with vectors of sines and cosines (Vaswani et al. 2017)
  alibi,       ///< scores fall with distance (Press et al. 2022)
  relative,    ///< a learned number for each distance and head is added to scores (T5)
};

/// What positions a model has.
struct PositionsConfig {
  PositionKind kind = PositionKind::none;      ///< which
  std::int64_t max_length = 0;                 ///< how many `learned` positions there are
  std::int64_t offset = 0;                     ///< rows of their table before that of position 0
  SinusoidOrder order = SinusoidOrder::pairs;  ///< of `sinusoidal`
  std::int64_t buckets = 32;                   ///< of `relative`
  RelativeBiasOptions relative = {};           ///< likewise
};

/// Tells a model where each token stands: by what it adds to tokens, or to scores.
class Positions {
 public:
  /// Adds to the parameters W_pos [offset + max_length, C] if learned, rel_attn_bias [buckets,
  /// heads] if relative.
  Positions(Parameters& parameters, const PositionsConfig& config, std::int64_t C,
            std::int64_t heads);

  /// x [B, T, C], tokens at the positions from `first` on, plus the vectors of these positions,
  /// recorded as hook_pos_embed [T, C]. x itself if positions have no vectors. Throws Error beyond
  /// the last learned position.
  Var add_to(const Var& x, std::int64_t first = 0) const;

  /// [1, H, T, S]: what is added to the scores of T queries from position `first` on and S keys
  /// from position 0 on. It is Visibility::attn_mask of every layer; undefined if nothing is
  /// added.
  Var bias(Tape tape, std::int64_t first, std::int64_t T, std::int64_t S, DType dtype) const;

 private:
  PositionsConfig config_;
  std::int64_t heads_;
  const Parameter* table_ = nullptr;
};

}  // namespace clearhead

#endif  // CLEARHEAD_NN_POSITIONS_H_
