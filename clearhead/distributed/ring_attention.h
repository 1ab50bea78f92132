// Attention of a sequence that is divided over ranks: each holds 1/R of its tokens, and so needs
// 1/R of the memory. Keys and values go round in a ring; while a rank calculates with the block
// that it has, it sends it on and receives the next one.
//
//     queries of a rank × keys that it holds → z, row_max, row_sum    R times, joined in f32
//
// The tokens are cut into 2R pieces, and rank r holds pieces r and 2R − 1 − r. So with causality,
// where a query sees only what came before it, every rank has the same work in every round.
//
// Sources: Liu, Zaharia and Abbeel (2023), "Ring attention with blockwise transformers for
// near-infinite context", arXiv 2310.01889; for the balance, Brandon et al. (2023), "Striped
// attention", arXiv 2311.09431, and the "zigzag" order of pieces of later implementations.
#ifndef CLEARHEAD_DISTRIBUTED_RING_ATTENTION_H_
#define CLEARHEAD_DISTRIBUTED_RING_ATTENTION_H_

#include <array>
#include <cstdint>

#include "clearhead/base/attention_rule.h"
#include "clearhead/compute/attention.h"
#include "clearhead/distributed/ranks.h"
#include "clearhead/tensor/tensor.h"

namespace clearhead::distributed {

/// The tokens [begin, end) of both pieces that a rank holds of T. Pieces differ by at most one
/// token, whatever T is; those of a short sequence may be empty.
std::array<KeyRange, 2> ring_pieces(std::int64_t T, std::int64_t rank, std::int64_t size);

/// How many tokens those are.
std::int64_t ring_tokens(std::int64_t T, std::int64_t rank, std::int64_t size);

/// What this rank holds of `whole` [B, H, T, D]: the tokens of its first piece, then those of its
/// second.
Tensor ring_part(const Tensor& whole, std::int64_t rank, std::int64_t size);

/// One call, as one rank sees it. f32 or f64, the same on all ranks.
struct RingAttention {
  Tensor q;            ///< [B, H, ring_tokens, D]
  Tensor k;            ///< [B, G, ring_tokens, D], where G divides H
  Tensor v;            ///< [B, G, ring_tokens, Dv]
  std::int64_t T = 0;  ///< tokens of the whole sequence
  AttentionRule rule;  ///< of positions in it
};

/// Attention of the queries of this rank over the keys of all: z [B, H, ring_tokens, Dv], row_max
/// and row_sum. Each rank sends R − 1 blocks of keys and values. Throws Error, on every rank that
/// sees it, if shapes, types or the rule do not fit, or are not the same on all ranks.
compute::AttentionForward ring_attention(Ranks& ranks, const RingAttention& call);

/// Of the operands of this rank, in their shapes.
struct RingGradients {
  Tensor q, k, v;  ///< ∂L/∂q, ∂L/∂k, ∂L/∂v
};

/// The gradients, given d_z = ∂L/∂z [B, H, ring_tokens, Dv] and what forward gave. The gradients of
/// keys and values go round one step behind them, and are summed in the order of the ring, so that
/// each run gives the same bytes. Each rank sends R − 1 blocks of keys and values, and R of their
/// gradients.
RingGradients ring_attention_backward(Ranks& ranks, const RingAttention& call,
                                      const compute::AttentionForward& forward, const Tensor& d_z);

}  // namespace clearhead::distributed

#endif  // CLEARHEAD_DISTRIBUTED_RING_ATTENTION_H_
