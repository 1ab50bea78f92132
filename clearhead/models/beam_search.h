// Translation: for each source, the best targets that beam search finds.
//
// Source: Wu et al., "Google's neural machine translation system" (2016), section 7.
#ifndef CLEARHEAD_MODELS_BEAM_SEARCH_H_
#define CLEARHEAD_MODELS_BEAM_SEARCH_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "clearhead/models/model.h"

namespace clearhead {

/// How translations are searched for.
struct BeamSearchOptions {
  static constexpr std::int64_t kMostBeam = 4096;  ///< each hypothesis has its keys and values

  std::int64_t start = 0;  ///< the token that each target begins with, and is no part of it: <s>
  std::int64_t end = 0;    ///< the token that ends sources and targets: </s>
  std::optional<std::int64_t> first = {};  ///< the token that each target has first in any case
  std::vector<std::int64_t> never = {};    ///< tokens that no target has
  std::int64_t beam = 5;        ///< hypotheses side by side; 1: always the likeliest token (greedy)
  double length_penalty = 0.6;  ///< α: a larger one favours longer targets; 0: none
  std::int64_t n_best = 1;      ///< targets for each source, at most `beam`
  Precision precision = Precision::highest;  ///< of products in f32

  /// Throws Error unless 1 ≤ beam ≤ kMostBeam, length_penalty ≥ 0 and 1 ≤ n_best ≤ beam.
  void validate() const;
};

/// A target that was found.
struct Translation {
  std::vector<std::int64_t> tokens;  ///< without start and end
  /// log P(target | source) / ((5 + length) / 6)^α, the length with its end token.
  double score = 0;
};

/// The n best translations that are found for each source, best first. A source is its tokens; its
/// end is added if it is not there. At each step the `beam` best continuations are kept. A source
/// is done when `beam` targets have ended, when no unfinished one can still become one of the n
/// best, or at the limit: the model's context, or twice the source's tokens plus ten. Sources of
/// similar length are translated together. After each batch, `progress`, if given, is told how many
/// sources are done.
/// Throws Error, naming the source, if one is longer than the context, or if all tokens are `never`
/// written.
std::vector<std::vector<Translation>> translate(
    const TranslationModel& model, std::span<const std::vector<std::int64_t>> sources,
    const BeamSearchOptions& options, const std::function<void(std::int64_t done)>& progress = {});

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_BEAM_SEARCH_H_
