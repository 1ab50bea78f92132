// The SIMD kernels behind attention_block.h, for the target in use; not for target `baseline`, which
// has none.
#ifndef CLEARHEAD_KERNELS_ATTENTION_ATTENTION_SIMD_H_
#define CLEARHEAD_KERNELS_ATTENTION_ATTENTION_SIMD_H_

#include "clearhead/kernels/attention/attention_block.h"
#include "clearhead/kernels/attention/attention_pool.h"

namespace clearhead::kernels {

/// As attention_forward_block. Returns whether all of z and row_sum is finite; rows that are not may
/// differ from the reference.
bool simd_forward_block(const AttentionProblem<float>& problem, const QueryBlock& block,
                        KeyRange keys, const BlockResult& result, float* workspace);

/// The same for blocks of up to kDecodeRows rows, whose keys and values may be stored as bf16.
inline constexpr std::int64_t kDecodeRows = 8;
bool simd_decode_block(const AttentionProblem<float>& problem, const QueryBlock& block,
                       KeyRange keys, const BlockResult& result, float* workspace);

/// As attention_backward_block.
void simd_backward_block(const AttentionProblem<float>& problem,
                         const AttentionBackward<float>& saved, const QueryBlock& block,
                         KeyRange keys, float* dq, float* dk, float* dv, float* workspace);

/// Adds ∂L/∂bias of the pairs of a block's queries and the keys of one tile to d_mask.
void simd_backward_mask(const AttentionProblem<float>& problem,
                        const AttentionBackward<float>& saved, const QueryBlock& block,
                        KeyRange keys, float* d_mask, float* workspace);

/// As attention_delta.
void simd_delta(std::int64_t rows, std::int64_t Dv, const float* dz, const float* z, float* delta);

/// As attention_pool_queries for up to kQueryBlock rows, writing the cells `cells`. Rows that are not
/// finite may differ from the reference.
void simd_pool_block(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t h,
                     std::int64_t t, std::int64_t t_end, KeyRange cells,
                     const PooledRows<float>& out, float* workspace);

/// scores[i·kKeyTile + j] = q_i·k_j for the queries i and keys j of a tile, to the last bit what the
/// functions above calculate. `workspace`: (D + kQueryTile)·kKeyTile numbers.
void simd_raw_scores(const AttentionProblem<float>& problem, const Tile& tile, float* scores,
                     float* workspace);

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_ATTENTION_ATTENTION_SIMD_H_
