// Scores of a tile of queries and keys, and the softmax of single scores. The scalar kernels, steps
// that are calculated again, and a softmax with rounded steps share this.
#ifndef CLEARHEAD_KERNELS_ATTENTION_TILE_H_
#define CLEARHEAD_KERNELS_ATTENTION_TILE_H_

#include <cstdint>

#include "clearhead/base/attention_stage.h"
#include "clearhead/kernels/attention/problem.h"

namespace clearhead::kernels {

/// Queries and keys of a tile. 32 × 64 scores in f32 are 8 KiB: with the key tile (64 keys of 64
/// numbers, 16 KiB) they stay in an L1 cache of 32 KiB.
inline constexpr std::int64_t kQueryTile = 32;
inline constexpr std::int64_t kKeyTile = 64;

/// Applies the mask to the scores of query t and these keys: −inf where it does not see the key.
template <typename T>
void mask_scores(const AttentionProblem<T>& problem, std::int64_t b, std::int64_t h, std::int64_t t,
                 KeyRange keys, T* scores);

/// A rectangle of queries [t, t_end) and keys [s, s_end) of one head, at most kQueryTile ×
/// kKeyTile.
struct Tile {
  std::int64_t b, h, t, t_end, s, s_end;
};

/// Scores of a tile as far as `stage`, which comes before the pattern; row i at scores +
/// i·kKeyTile. `workspace`: (D + kQueryTile)·kKeyTile numbers.
template <typename T>
void score_tile(const AttentionProblem<T>& problem, const Tile& tile, AttentionStage stage,
                T* scores, T* workspace);

/// exp(score − row_max), each step rounded as asked; exactly 0 for a score of −inf.
template <typename T>
double softmax_numerator(T score, T row_max, SoftmaxRounding rounding);

/// The softmax weight of a score, exp(score − row_max) / row_sum, each step rounded as asked.
template <typename T>
T softmax_weight(T score, T row_max, T row_sum, SoftmaxRounding rounding);

/// The larger of a row's maximum so far and its n scores, rounded as asked. Start from −inf. A NaN
/// stays.
template <typename T>
T softmax_row_max(T row_max, const T* scores, std::int64_t n, SoftmaxRounding rounding);

/// The sum of n numerators. In f64 the sum of rounded ones is exact or nearly so, hence the same in
/// any order.
template <typename T>
double softmax_row_sum(const T* scores, std::int64_t n, T row_max, SoftmaxRounding rounding);

/// x rounded to the type that `rounding` names.
template <typename T>
T softmax_round(T x, SoftmaxRounding rounding);

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_ATTENTION_TILE_H_
