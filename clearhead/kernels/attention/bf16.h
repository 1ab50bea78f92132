// Fused attention with products of lower precision on tiles of bf16 (Precision::high and medium):
// the same calculation as simd.h, with the same blocks and results.
//
// Forward, a stretch of keys and values is packed first, for all blocks of queries that meet it.
// What tiles cannot do exactly as scalar.h says — numbers that are not finite, or so large that a
// product might not be — is left to simd.h, row by row.
#ifndef CLEARHEAD_KERNELS_ATTENTION_BF16_H_
#define CLEARHEAD_KERNELS_ATTENTION_BF16_H_

#include <cstdint>

#include "clearhead/kernels/attention/pool.h"
#include "clearhead/kernels/attention/simd.h"

namespace clearhead::kernels {

/// Whether the functions below serve this problem: it asks for less than the highest precision, the
/// target in use has tiles, the softmax is not rounded, and a key/value head meets enough queries
/// that packing pays. Otherwise simd.h does, in f32.
bool attention_forward_takes_bf16(const AttentionProblem<float>& problem);

/// Keys of one key/value head are packed a stretch at a time, so that they take little memory and
/// stay in a cache: [0, packed_stretch), [packed_stretch, 2·packed_stretch), …
std::int64_t packed_stretch(const AttentionProblem<float>& problem);

/// Bytes of a packed stretch: for each key 2·(D + Dv), twice that for Precision::high, where D and
/// Dv count as multiples of 32.
std::int64_t packed_bytes(const AttentionProblem<float>& problem);

/// Packs piece i of pack_pieces(keys) of the keys of a stretch. The memory begins at a multiple of
/// 64 bytes. Pieces may be packed at the same time.
std::int64_t pack_pieces(KeyRange keys);
void pack_keys_piece(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t g,
                     KeyRange keys, std::int64_t i, char* to);

/// Numbers of workspace for the function below, which begins at a multiple of 64 bytes.
std::int64_t attention_forward_workspace_bf16(const AttentionProblem<float>& problem);

/// As attention_forward_simd, over a packed stretch. Stretches follow one another: `result` holds
/// that of all keys before, and takes that of these too.
void attention_forward_bf16(const AttentionProblem<float>& problem, const QueryBlock& block,
                            KeyRange keys, const char* packed, const BlockResult& result,
                            float* workspace);

/// Whether the functions below serve this problem's backward pass.
bool attention_backward_takes_bf16(const AttentionProblem<float>& problem);

/// The number of blocks of up to kBf16Queries queries of one key/value head, for the function
/// below: the heads that share it, one after the other.
inline constexpr std::int64_t kBf16Queries = 128;
std::int64_t query_blocks_bf16(const AttentionProblem<float>& problem);

/// Numbers of workspace for the function below, which begins at a multiple of 64 bytes.
std::int64_t attention_backward_workspace_bf16(const AttentionProblem<float>& problem);

/// As attention_backward_simd, for the blocks [block, block_end) of one key/value head; what it
/// needs is packed here, since each piece of work has keys and queries of its own.
void attention_backward_bf16(const AttentionProblem<float>& problem,
                             const AttentionBackward<float>& saved, std::int64_t b, std::int64_t g,
                             std::int64_t block, std::int64_t block_end, KeyRange keys, float* dq,
                             float* dk, float* dv, float* workspace);

/// Whether cells of `cell` keys can be pooled on tiles: whole steps of packed keys, and at
/// least half a chunk, since in smaller cells the fixed cost of a chunk would weigh too much.
bool packed_cells_fit(std::int64_t cell);

/// Bytes of a whole packed key/value head, for pooling, and its packing in pack_pieces({0, keys})
/// pieces, as above.
std::int64_t pool_head_bytes(const AttentionProblem<float>& problem);
void pack_pool_piece(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t g,
                     std::int64_t i, char* head);

/// Numbers of workspace for the function below, which begins at a multiple of 64 bytes.
std::int64_t attention_pool_workspace_bf16(const AttentionProblem<float>& problem);

/// As attention_pool, writing the cells `cells`; trusted[i] says of row i whether it stands, or
/// is left to be calculated in f32.
void attention_pool_bf16(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t h,
                         std::int64_t t, std::int64_t t_end, KeyRange cells, const char* head,
                         const PooledRows<float>& out, bool* trusted, float* workspace);

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_ATTENTION_BF16_H_
