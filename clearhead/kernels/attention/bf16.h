// Fused attention with products of lower precision on tiles of bf16 (Precision::high and medium):
// the same calculation as simd.h, with the same blocks and results.
//
// In forward, a stretch of keys and values is packed first, for all blocks of queries. Tiles cannot
// handle numbers that are not finite, or so large that a product might not be, as scalar.h demands;
// rows with such numbers are left to simd.h.
#ifndef CLEARHEAD_KERNELS_ATTENTION_BF16_H_
#define CLEARHEAD_KERNELS_ATTENTION_BF16_H_

#include <cstdint>

#include "clearhead/kernels/attention/pool.h"
#include "clearhead/kernels/attention/simd.h"

namespace clearhead::kernels {

/// Whether the functions below apply to this problem: it asks for less than the highest precision,
/// the target in use has tiles, the softmax is not rounded, and each key/value head has enough
/// queries for packing to pay. Else simd.h applies, in f32.
bool attention_forward_takes_bf16(const AttentionProblem<float>& problem);

/// Keys of one key/value head are packed a stretch at a time, so that they take little memory and
/// stay in a cache: [0, packed_stretch), [packed_stretch, 2·packed_stretch), …
std::int64_t packed_stretch(const AttentionProblem<float>& problem);

/// Bytes of a packed stretch: 2·(D + Dv) for each key, with D and Dv rounded up to multiples of 32;
/// twice that for Precision::high.
std::int64_t packed_bytes(const AttentionProblem<float>& problem);

/// Packs piece i of pack_pieces(keys) of the keys of a stretch. The memory is aligned to 64 bytes.
/// Threads may pack different pieces at the same time.
std::int64_t pack_pieces(KeyRange keys);
void pack_keys_piece(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t g,
                     KeyRange keys, std::int64_t i, char* to);

/// Numbers of workspace for the function below, which is aligned to 64 bytes.
std::int64_t attention_forward_workspace_bf16(const AttentionProblem<float>& problem);

/// As attention_forward_simd, over a packed stretch. Stretches follow one another: `result` holds
/// that of all keys before, and afterwards that of these keys too.
void attention_forward_bf16(const AttentionProblem<float>& problem, const QueryBlock& block,
                            KeyRange keys, const char* packed, const BlockResult& result,
                            float* workspace);

/// Whether the functions below apply to the backward pass of this problem.
bool attention_backward_takes_bf16(const AttentionProblem<float>& problem);

/// The number of blocks of up to kBf16Queries queries of one key/value head, for the function
/// below. The queries are those of all heads that share it, one head after the other.
inline constexpr std::int64_t kBf16Queries = 128;
std::int64_t query_blocks_bf16(const AttentionProblem<float>& problem);

/// Numbers of workspace for the function below, which is aligned to 64 bytes.
std::int64_t attention_backward_workspace_bf16(const AttentionProblem<float>& problem);

/// As attention_backward_simd, for the blocks [block, block_end) of one key/value head. Packs what
/// it needs itself, since no two pieces of work have the same keys and queries. `over`: gradients
/// are written over what lies there; the call is then that of all blocks and keys of the head.
void attention_backward_bf16(const AttentionProblem<float>& problem,
                             const AttentionBackward<float>& saved, std::int64_t b, std::int64_t g,
                             std::int64_t block, std::int64_t block_end, KeyRange keys,
                             const GradientRows<float>& to, bool over, float* workspace);

/// Whether cells of `cell` keys can be pooled on tiles: whole steps of packed keys, and at
/// least half a chunk, since in smaller cells the fixed cost of a chunk would weigh too much.
bool packed_cells_fit(std::int64_t cell);

/// Bytes of a whole packed key/value head, for pooling, and its packing in pack_pieces({0, keys})
/// pieces, as above.
std::int64_t pool_head_bytes(const AttentionProblem<float>& problem);
void pack_pool_piece(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t g,
                     std::int64_t i, char* head);

/// Numbers of workspace for the function below, which is aligned to 64 bytes.
std::int64_t attention_pool_workspace_bf16(const AttentionProblem<float>& problem);

/// As attention_pool, writing the cells `cells`. trusted[i] says whether row i is right; if not, it
/// must be calculated in f32.
void attention_pool_bf16(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t h,
                         std::int64_t t, std::int64_t t_end, KeyRange cells, const char* head,
                         const PooledRows<float>& out, bool* trusted, float* workspace);

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_ATTENTION_BF16_H_
