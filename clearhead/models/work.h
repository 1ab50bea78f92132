// How many multiply-adds a decoder takes, counted from its config: what its time follows, on every
// machine.
//
// Letters: T tokens, C channels, H heads of D numbers, G key/value heads, F hidden numbers of the
// feed-forward part, V vocabulary, L layers.
#ifndef CLEARHEAD_MODELS_WORK_H_
#define CLEARHEAD_MODELS_WORK_H_

#include <cstdint>

#include "clearhead/models/transformer_config.h"

namespace clearhead {

/// The multiply-adds of matrix products; all other operations are few beside them. As f64 these are
/// exact up to 9·10¹⁵.
struct Work {
  double maps = 0;   ///< of linear maps: each number of a matrix, once for each token
  double pairs = 0;  ///< of attention: query·key and weight·value of each pair that is seen

  /// Both together.
  double total() const { return maps + pairs; }
  /// The part of it that pairs are.
  double pair_share() const { return pairs / total(); }
};

/// Of a decoder that reads one sequence of T tokens:
///
///     maps   T·(L·(2·C·D·(H + G) + 2·C·F) + C·V)     3·C·F if it is gated
///     pairs  L·2·H·D·T·(T + 1)/2                     a query sees itself and what came before
///
/// Throws Error if the config does not fit together.
Work work_of_reading(const TransformerConfig& config, std::int64_t tokens);

/// Of training on it: three times as much, since backward needs the gradients of both factors of
/// each product. What is calculated again to save memory is not counted. Source: Kaplan et al.,
/// "Scaling laws for neural language models" (2020), section 2.1.
Work work_of_training(const TransformerConfig& config, std::int64_t tokens);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_WORK_H_
