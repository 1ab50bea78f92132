// Fused attention in f32 at the speed of the processor: the same calculation as scalar.h, whose
// scalar text is the reference, by blocks of 64 queries whose numbers lie side by side in vectors.
//
// A block's queries are the lanes: Sᵀ = K·Qᵀ and Zᵀ += Vᵀ·Pᵀ, with Q transposed once for the block.
// The keys and values are the broadcast factor of both products, so they are read where they lie
// and nothing is packed; the largest score and the sum of a query run down its lane, without a sum
// across lanes; and no lane ever touches another, so neither does a NaN.
#ifndef CLEARHEAD_KERNELS_ATTENTION_SIMD_H_
#define CLEARHEAD_KERNELS_ATTENTION_SIMD_H_

#include <cstdint>

#include "clearhead/kernels/attention/problem.h"

namespace clearhead::kernels {

/// Queries of a block and keys of a tile. Sᵀ, Qᵀ and the tile of keys (then Sᵀ, the tile of values
/// and a strip of Zᵀ) take 16 KiB each at D = 64: 48 KiB, a first-level cache.
inline constexpr std::int64_t kQueryBlock = 64;
inline constexpr std::int64_t kKeyBlock = 64;

/// Whether so few queries meet each key (decoding) that a block of one head would leave most of its
/// lanes empty, and packing for tiles would take longer than it saves.
constexpr bool are_few_queries(std::int64_t queries) { return queries < 16; }

/// The rows of one key/value head g of batch b are the pairs (h, t) of the heads that share it, one
/// head after the other; a block is up to kQueryBlock neighbours of them. Where there are few
/// queries (decoding), a block holds several heads, so that their keys are read once; otherwise it
/// stays within one.
struct QueryBlock {
  std::int64_t b, g, first, rows;
};

/// The number of blocks of one key/value head.
std::int64_t query_blocks(const AttentionProblem<float>& problem);

/// Block i of them.
QueryBlock query_block(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t g,
                       std::int64_t i);

/// What forward gives for the rows of one block: z [rows, Dv], row_max and row_sum [rows]. In the
/// results [B, H, queries, …] a block's rows are neighbours, from row_of(block) on.
struct BlockResult {
  float* z;
  float* row_max;
  float* row_sum;
};
std::int64_t row_of(const AttentionProblem<float>& problem, const QueryBlock& block);

/// Whether attention_forward_simd reads keys and values stored as bf16 where they lie, for this
/// many queries of all heads that share a key/value head: for few (decoding) reading is what takes
/// the time. Not with a rounded softmax. Rows whose result is not finite are then not calculated
/// again: the caller does that, from k and v in f32.
bool attention_reads_bf16(std::int64_t queries);

/// Numbers of workspace for the functions below.
std::int64_t attention_workspace_simd(const AttentionProblem<float>& problem);

/// Forward of a block over those of the keys [keys.begin, keys.end) that its queries see. A query
/// that sees none gets z = 0, row_max = −inf, row_sum = 0. A softmax with rounded steps, and rows
/// whose result is not finite, are left to the reference, which says what they must be.
void attention_forward_simd(const AttentionProblem<float>& problem, const QueryBlock& block,
                            KeyRange keys, const BlockResult& result, float* workspace);

/// Whether the two functions of backward below are to be used: not where the reference is, for a
/// softmax with rounded steps and for target `baseline`.
bool attention_backward_takes_simd(const AttentionProblem<float>& problem);

/// delta = Σ_e dz·z of each of `rows` rows [rows, Dv].
void attention_delta_simd(std::int64_t rows, std::int64_t Dv, const float* dz, const float* z,
                          float* delta);

/// Adds what the pairs of a block's queries and the keys [keys.begin, keys.end) give to dq
/// [B, H, queries, D], dk [B, G, keys, D] and dv [B, G, keys, Dv]; each may be null. The keys and
/// queries of calls that run at the same time must not overlap.
void attention_backward_simd(const AttentionProblem<float>& problem,
                             const AttentionBackward<float>& saved, const QueryBlock& block,
                             KeyRange keys, float* dq, float* dk, float* dv, float* workspace);

/// Adds ∂L/∂bias of the keys of tile [s, s + kKeyBlock), s being a multiple of kKeyBlock, to
/// d_mask, laid out like problem.mask.bias, in the order of batches, heads and queries.
void attention_backward_mask_simd(const AttentionProblem<float>& problem,
                                  const AttentionBackward<float>& saved, std::int64_t s,
                                  float* d_mask, float* workspace);

/// Joins the results of `parts` ranges of keys, part i at z + i·rows·Dv, row_max + i·rows and
/// row_sum + i·rows, in their order.
void attention_join_parts(std::int64_t parts, std::int64_t rows, std::int64_t Dv,
                          const BlockResult& of_parts, const BlockResult& joined);

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_ATTENTION_SIMD_H_
