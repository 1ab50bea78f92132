// Fused attention: the loops, over pointers and sizes. Nothing is allocated here;
// compute/attention_forward.cc owns the memory and spreads the pieces over threads.
//
// The T × S scores exist one tile at a time: kQueryTile queries by kKeyTile keys. A row's softmax
// is carried along online: with the largest score so far m and the sum l of exp(score − m), a new
// tile of scores with maximum m' gives
//
//     M = max(m, m')     l ← l·exp(m − M) + Σ exp(score − M)     z ← z·exp(m − M) + Σ exp(score −
//     M)·v
//
// and z/l at the end. Source: Milakov and Gimelshein 2018, "Online normalizer calculation for
// softmax"; Dao et al. 2022, "FlashAttention", algorithms 1 (forward) and 4 (backward).
//
// m and l are kept apart for every row rather than as their log-sum-exp m + log l, which would lose
// log l where scores are large: at m = 10⁴ the last bit of an f32 is worth 10⁻³.
#ifndef CLEARHEAD_KERNELS_ATTENTION_ATTENTION_H_
#define CLEARHEAD_KERNELS_ATTENTION_ATTENTION_H_

#include <cstdint>

#include "clearhead/base/attention_rule.h"
#include "clearhead/base/half.h"
#include "clearhead/base/precision.h"

namespace clearhead::kernels {

/// Queries and keys of a tile. 32 × 64 scores in f32 are 8 KiB: with the key tile (64 keys of 64
/// numbers, 16 KiB) they stay in an L1 cache of 32 KiB.
inline constexpr std::int64_t kQueryTile = 32;
inline constexpr std::int64_t kKeyTile = 64;

/// The type to which the softmax rounds each of its steps.
enum class SoftmaxRounding { none, f32, f16, bf16, f64 };

/// The elements of one of q, k, v: x[b·stride_b + h·stride_h + t·stride_t + d], d = 0 … without
/// gaps.
template <typename T>
struct HeadsView {
  const T* data = nullptr;
  std::int64_t stride_b = 0;
  std::int64_t stride_h = 0;
  std::int64_t stride_t = 0;

  const T* row(std::int64_t b, std::int64_t h, std::int64_t t) const {
    return data + b * stride_b + h * stride_h + t * stride_t;
  }
};

/// attn_mask; a stride is 0 along an axis that is broadcast. At most one of the two pointers is
/// set.
template <typename T>
struct MaskView {
  const bool* visible = nullptr;
  const T* bias = nullptr;
  std::int64_t stride_b = 0;
  std::int64_t stride_h = 0;
  std::int64_t stride_t = 0;
  std::int64_t stride_s = 0;

  std::int64_t offset(std::int64_t b, std::int64_t h, std::int64_t t, std::int64_t s) const {
    return b * stride_b + h * stride_h + t * stride_t + s * stride_s;
  }
};

/// One call of attention: operands and options.
template <typename T>
struct AttentionProblem {
  std::int64_t B, H, G, queries, keys, D, Dv;  // G key/value heads, H a multiple of G
  HeadsView<T> q;                              // [B, H, queries, D]
  HeadsView<T> k;                              // [B, G, keys, D]
  HeadsView<T> v;                              // [B, G, keys, Dv]
  MaskView<T> mask;                            // [B, H, queries, keys]
  AttentionRule rule;                          // with its scale
  const std::int64_t* offset;                  // [B]: position of query 0 among the keys
  const std::int64_t* key_count;               // [B]: keys from here on are seen by none
  SoftmaxRounding rounding;
  Precision precision =
      Precision::highest;  // of products; f64 and the reference know only this one
  // Keys and values stored as bf16, in place of k and v: only for attention_block.h's forward, where
  // attention_reads_bf16 says so.
  HeadsView<bf16> k_bf16 = {};
  HeadsView<bf16> v_bf16 = {};
  // Whether scores will be calculated again, for backward or a view: then forward sums q·k in the
  // order in which they will, since row_max and row_sum belong to scores of these very bits.
  bool scores_again = false;

  std::int64_t kv_head(std::int64_t h) const { return h / (H / G); }
  T scale() const { return static_cast<T>(*rule.scale); }
  T softcap() const { return static_cast<T>(rule.softcap); }
};

/// The keys that query t of batch b may see by position.
template <typename T>
KeyRange visible_keys(const AttentionProblem<T>& problem, std::int64_t b, std::int64_t t) {
  return clearhead::visible_keys(problem.rule, problem.offset[b], problem.key_count[b], t);
}

/// Applies the mask to the scores of query t and these keys: −inf where it does not see the key.
template <typename T>
void mask_scores(const AttentionProblem<T>& problem, std::int64_t b, std::int64_t h, std::int64_t t,
                 KeyRange keys, T* scores);

/// How far the scores of a tile are taken.
enum class ScoreStage { raw, scaled, capped, masked };

/// A rectangle of queries [t, t_end) and keys [s, s_end) of one head, at most kQueryTile ×
/// kKeyTile.
struct Tile {
  std::int64_t b, h, t, t_end, s, s_end;
};

/// Scores of a tile, row i at scores + i·kKeyTile. Masked scores are −inf where a query does not
/// see a key. `workspace`: (D + kQueryTile)·kKeyTile numbers.
template <typename T>
void score_tile(const AttentionProblem<T>& problem, const Tile& tile, ScoreStage stage, T* scores,
                T* workspace);

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

/// Numbers of workspace that the functions below need.
template <typename T>
std::int64_t attention_workspace(const AttentionProblem<T>& problem);

/// Forward for queries [t, t_end) of one head, at most kQueryTile, over those of the keys
/// [keys.begin, keys.end) that they see. z: [t_end − t, Dv]; row_max and row_sum: [t_end − t]. A
/// query that sees no key gets z = 0, row_max = −inf, row_sum = 0.
template <typename T>
void attention_forward_queries(const AttentionProblem<T>& problem, std::int64_t b, std::int64_t h,
                               std::int64_t t, std::int64_t t_end, KeyRange keys, T* z, T* row_max,
                               T* row_sum, T* workspace);

/// What backward reads: the rows' softmax from forward, ∂L/∂z [B, H, queries, Dv] and delta = Σ
/// dz·z [B, H, queries].
template <typename T>
struct AttentionBackward {
  const T* row_max;
  const T* row_sum;
  const T* dz;
  const T* delta;
  std::int64_t first_row = 0;  // row_max, row_sum and delta begin here; dz has all rows
};

/// Adds ∂L/∂q of queries [t, t + kQueryTile) of one head to dq [B, H, queries, D].
template <typename T>
void attention_backward_queries(const AttentionProblem<T>& problem,
                                const AttentionBackward<T>& saved, std::int64_t b, std::int64_t h,
                                std::int64_t t, T* dq, T* workspace);

/// Adds ∂L/∂k and ∂L/∂v of keys [s, s + kKeyTile) of one key/value head, from all query heads that
/// share it, to dk [B, G, keys, D] and dv [B, G, keys, Dv]; either may be null.
template <typename T>
void attention_backward_keys(const AttentionProblem<T>& problem, const AttentionBackward<T>& saved,
                             std::int64_t b, std::int64_t g, std::int64_t s, T* dk, T* dv,
                             T* workspace);

/// Adds ∂L/∂bias of keys [s, s + kKeyTile) to `d_mask`, laid out like problem.mask.bias (broadcast
/// axes are summed).
template <typename T>
void attention_backward_mask(const AttentionProblem<T>& problem, const AttentionBackward<T>& saved,
                             std::int64_t s, T* d_mask, T* workspace);

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_ATTENTION_ATTENTION_H_
