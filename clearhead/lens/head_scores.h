// Three things that heads are known to do with tokens that occur again.
//
//     … A B … A      induction: from the second A to B, which came after the first
//                    duplicate token: from the second A to the first
//                    previous token: from each token to the one before it
//
// Scores are mean weights, 0 to 1. They are best read off random tokens that are said twice: there,
// nothing but the repetition can be looked at.
//
// Source: Olsson et al., "In-context learning and induction heads" (2022).
#ifndef CLEARHEAD_LENS_HEAD_SCORES_H_
#define CLEARHEAD_LENS_HEAD_SCORES_H_

#include <cstdint>
#include <span>
#include <vector>

#include "clearhead/lens/weight_matrix.h"

namespace clearhead {

/// Mean weights over the queries that have such keys; 0 if none has.
struct HeadScores {
  double previous_token = 0;   ///< for the token before
  double duplicate_token = 0;  ///< for all earlier tokens that are the same
  double induction = 0;        ///< for all tokens after those, before the query itself
};

/// Of the weights from `visible_weights`, [T, S]; `ids` are those of the S keys. If there are fewer
/// queries, as with a cache, they are the last tokens. Throws Error if the numbers do not fit.
HeadScores score_head(const WeightMatrix& weights, std::span<const std::int64_t> ids);

/// 2·count ids: `count` different ones of the candidates, at random, twice. Throws Error if there
/// are not so many.
std::vector<std::int64_t> repeated_tokens(std::vector<std::int64_t> candidates, std::int64_t count,
                                          std::uint64_t seed);

}  // namespace clearhead

#endif  // CLEARHEAD_LENS_HEAD_SCORES_H_
