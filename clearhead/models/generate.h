// What trained models do: a language model continues a text, a masked model fills its gaps.
#ifndef CLEARHEAD_MODELS_GENERATE_H_
#define CLEARHEAD_MODELS_GENERATE_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "clearhead/base/random.h"
#include "clearhead/models/model.h"

namespace clearhead {

// ---- A text goes on ----

/// How the next token is chosen. The restrictions apply in this order.
struct Sampling {
  double temperature = 1;  ///< logits are divided by it; 0: always the likeliest token (greedy)
  std::int64_t top_k = 0;  ///< only the k likeliest tokens (Fan et al. 2018); 0: all
  /// Only the likeliest tokens that together reach this probability; at least one (nucleus
  /// sampling, Holtzman et al. 2020).
  double top_p = 1;

  /// Throws Error unless temperature ≥ 0, top_k ≥ 0 and 0 < top_p ≤ 1.
  void validate() const;
};

/// A token and how likely it is.
struct LikelyToken {
  std::int64_t token = 0;  ///< its id
  double probability = 0;  ///< 0 … 1
};

/// The tokens that `sampling` leaves to be chosen for `logits` [V], likeliest first; of equally
/// likely ones those with lower ids come first. Their probabilities are those of the softmax of
/// logits / temperature over all tokens, so of fewer tokens they do not sum to 1; temperature 0
/// leaves one token. Throws Error as `choose_token` does.
std::vector<LikelyToken> likely_tokens(const Tensor& logits, const Sampling& sampling);

/// A token for `logits` [V]. Of equally likely tokens those with lower ids come first. Throws Error
/// if a logit is NaN or the largest is infinite.
std::int64_t choose_token(const Tensor& logits, const Sampling& sampling, Random& random);

/// How a text goes on.
struct GenerateOptions {
  std::int64_t tokens = 256;                 ///< the most that are written
  Sampling sampling = {};                    ///< how each token is chosen
  std::uint64_t seed = 0;                    ///< the same seed writes the same text
  Precision precision = Precision::highest;  ///< of products in f32
};

/// The tokens with which the model continues `prompt`. `take` gets each token as soon as it is
/// chosen, and ends the text by returning false; Ctrl-C ends it too if it is watched
/// (base/interrupt.h). Keys and values of earlier tokens are kept, so that only those of the new
/// one are calculated. When the text becomes longer than the model's context, the latest half of
/// the context is read anew and the rest is forgotten. Throws Error, before anything is calculated,
/// if the prompt is empty or `options.sampling` is not valid.
std::vector<std::int64_t> generate(const LanguageModel& model, std::span<const std::int64_t> prompt,
                                   const GenerateOptions& options,
                                   const std::function<bool(std::int64_t)>& take = {});

// ---- Gaps are filled ----

/// For each place of `tokens` that holds `mask`, the `count` likeliest tokens (fewer if the
/// vocabulary has fewer), likeliest first. Throws Error if there is no such place.
std::vector<std::vector<LikelyToken>> fill_masks(const MaskedModel& model,
                                                 std::span<const std::int64_t> tokens,
                                                 std::int64_t mask, std::int64_t count,
                                                 Precision precision = Precision::highest);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_GENERATE_H_
