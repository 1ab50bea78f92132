// Fused attention, scalar: the reference that the other kernels are tested against, for f32 and
// f64.
//
// The T × S scores exist one tile at a time: kQueryTile queries by kKeyTile keys. The softmax of a
// row is calculated online: m is the largest score so far, l the sum of exp(score − m). A new tile
// of scores with maximum m' gives
//
//     M = max(m, m')
//     l ← l·exp(m − M) + Σ exp(score − M)
//     z ← z·exp(m − M) + Σ exp(score − M)·v
//
// and at the end z/l. Source: Milakov and Gimelshein 2018, "Online normalizer calculation for
// softmax"; Dao et al. 2022, "FlashAttention", algorithms 1 (forward) and 4 (backward).
//
// m and l are kept for every row, rather than their log-sum-exp m + log l. That would lose log l
// for large scores: at m = 10⁴ the last bit of an f32 is worth 10⁻³.
#ifndef CLEARHEAD_KERNELS_ATTENTION_SCALAR_H_
#define CLEARHEAD_KERNELS_ATTENTION_SCALAR_H_

#include <cstdint>

#include "clearhead/kernels/attention/tile.h"

namespace clearhead::kernels {

/// Numbers of workspace that the functions below need.
template <typename T>
std::int64_t attention_workspace_scalar(const AttentionProblem<T>& problem);

/// Forward for queries [t, t_end) of one head, at most kQueryTile, over those of the keys
/// [keys.begin, keys.end) that they see. z: [t_end − t, Dv]; row_max and row_sum: [t_end − t]. A
/// query that sees no key gets z = 0, row_max = −inf, row_sum = 0.
template <typename T>
void attention_forward_scalar(const AttentionProblem<T>& problem, std::int64_t b, std::int64_t h,
                              std::int64_t t, std::int64_t t_end, KeyRange keys, T* z, T* row_max,
                              T* row_sum, T* workspace);

/// Adds ∂L/∂q of queries [t, t + kQueryTile) of one head.
template <typename T>
void attention_backward_queries_scalar(const AttentionProblem<T>& problem,
                                       const AttentionBackward<T>& saved, std::int64_t b,
                                       std::int64_t h, std::int64_t t, const GradientRows<T>& to,
                                       T* workspace);

/// Adds ∂L/∂k and ∂L/∂v of keys [s, s + kKeyTile) of one key/value head, from all query heads that
/// share it.
template <typename T>
void attention_backward_keys_scalar(const AttentionProblem<T>& problem,
                                    const AttentionBackward<T>& saved, std::int64_t b,
                                    std::int64_t g, std::int64_t s, const GradientRows<T>& to,
                                    T* workspace);

/// Adds ∂L/∂bias of keys [s, s + kKeyTile) to `d_mask`, laid out like problem.mask.bias (broadcast
/// axes are summed).
template <typename T>
void attention_backward_mask_scalar(const AttentionProblem<T>& problem,
                                    const AttentionBackward<T>& saved, std::int64_t s, T* d_mask,
                                    T* workspace);

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_ATTENTION_SCALAR_H_
