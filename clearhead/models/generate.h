// What trained models are asked for: a language model to continue a text, a masked model to fill
// its gaps.
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

/// How the next token is chosen among those that a model finds likely. The restrictions apply in
/// this order.
struct Sampling {
  double temperature = 1;  ///< logits are divided by it; 0: always the likeliest token (greedy)
  std::int64_t top_k = 0;  ///< only the k likeliest tokens (Fan et al. 2018); 0: all
  /// Only the likeliest tokens that together have this probability, at least one (Holtzman et al.
  /// 2020: nucleus sampling).
  double top_p = 1;

  /// Throws Error unless temperature ≥ 0, top_k ≥ 0 and 0 < top_p ≤ 1.
  void validate() const;
};

/// A token for `logits` [V]. Of equally likely tokens those with lower ids come first. Throws Error
/// if a logit is NaN or the largest is infinite.
std::int64_t choose_token(const Tensor& logits, const Sampling& sampling, Random& random);

struct GenerateOptions {
  std::int64_t tokens = 256;  ///< the most that are written
  Sampling sampling = {};
  std::uint64_t seed = 0;  ///< the same seed writes the same text
  Precision precision = Precision::highest;
};

/// The tokens that the model continues `prompt` with. `take` sees each as soon as it is there, and
/// ends the text by returning false; so does Ctrl-C where it is watched (base/interrupt.h). Keys
/// and values of what has been read are kept, so that a token costs only its own. Where the text
/// would pass the model's context, the latest half of the context is read anew and the rest
/// forgotten. Throws Error, before anything is calculated, if the prompt is empty or
/// `options.sampling` is not valid.
std::vector<std::int64_t> generate(const LanguageModel& model, std::span<const std::int64_t> prompt,
                                   const GenerateOptions& options,
                                   const std::function<bool(std::int64_t)>& take = {});

// ---- Gaps are filled ----

struct LikelyToken {
  std::int64_t token = 0;
  double probability = 0;
};

/// For each place of `tokens` that holds `mask`, the `count` likeliest tokens (fewer if the
/// vocabulary has fewer), likeliest first. Throws Error if no place does.
std::vector<std::vector<LikelyToken>> fill_masks(const MaskedModel& model,
                                                 std::span<const std::int64_t> tokens,
                                                 std::int64_t mask, std::int64_t count,
                                                 Precision precision = Precision::highest);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_GENERATE_H_
