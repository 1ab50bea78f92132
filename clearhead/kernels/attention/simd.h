// Fused attention in f32 on vectors, by blocks of 64 queries. The calculation is that of scalar.h,
// which is the reference.
//
// Each query of a block has a lane: Sᵀ = K·Qᵀ and Zᵀ += Vᵀ·Pᵀ, with Q transposed once for the
// block. Keys and values are the broadcast factors of these products, so they are read where they
// lie, without packing. The largest score and the sum of a query stay in its lane, so nothing is
// summed across lanes. And no lane touches another, so neither does a NaN.
#ifndef CLEARHEAD_KERNELS_ATTENTION_SIMD_H_
#define CLEARHEAD_KERNELS_ATTENTION_SIMD_H_

#include <cstdint>

#include "clearhead/kernels/attention/problem.h"

namespace clearhead::kernels {

/// Queries of a block and keys of a tile. Sᵀ, Qᵀ and the tile of keys (then Sᵀ, the tile of values
/// and a strip of Zᵀ) take 16 KiB each at D = 64: 48 KiB, a first-level cache.
inline constexpr std::int64_t kQueryBlock = 64;
inline constexpr std::int64_t kKeyBlock = 64;

/// Whether there are so few queries for each key (decoding) that a block of one head would leave
/// most of its lanes empty, and packing for tiles would take longer than it saves.
constexpr bool are_few_queries(std::int64_t queries) { return queries < 16; }

/// The rows of one key/value head g of batch b are the pairs (h, t) of the heads that share it, one
/// head after the other. A block is up to kQueryBlock neighbouring rows. With few queries
/// (decoding) a block holds several heads, so that their keys are read once; else it stays within
/// one head.
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
/// many queries of all heads that share a key/value head. It does for few (decoding), where reading
/// takes the time, but not with a rounded softmax. Rows whose result is not finite are then left to
/// the caller, who calculates them again from k and v in f32.
bool attention_reads_bf16(std::int64_t queries);

/// Numbers of workspace for the functions below.
std::int64_t attention_workspace_simd(const AttentionProblem<float>& problem);

/// Forward of a block over those of the keys [keys.begin, keys.end) that its queries see. A query
/// that sees none gets z = 0, row_max = −inf, row_sum = 0. A softmax with rounded steps, and rows
/// whose result is not finite, are left to the reference.
void attention_forward_simd(const AttentionProblem<float>& problem, const QueryBlock& block,
                            KeyRange keys, const BlockResult& result, float* workspace);

/// Whether the two functions of backward below apply. If not (a softmax with rounded steps, or
/// target `baseline`), the reference does.
bool attention_backward_takes_simd(const AttentionProblem<float>& problem);

/// delta = Σ_e dz·z of each of `rows` rows [Dv], which lie dz_stride and z_stride numbers apart.
void attention_delta_simd(std::int64_t rows, std::int64_t Dv, const float* dz,
                          std::int64_t dz_stride, const float* z, std::int64_t z_stride,
                          float* delta);

/// Adds the gradients of the pairs of a block's queries and the keys [keys.begin, keys.end). Calls
/// that run at the same time must share neither keys nor queries, nor rows of a gradient of two
/// operands.
void attention_backward_simd(const AttentionProblem<float>& problem,
                             const AttentionBackward<float>& saved, const QueryBlock& block,
                             KeyRange keys, const GradientRows<float>& to, float* workspace);

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
