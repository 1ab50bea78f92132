// The loops behind simd.h, for the target in use; not for target `baseline`, which has none.
#ifndef CLEARHEAD_KERNELS_ATTENTION_SIMD_LOOPS_H_
#define CLEARHEAD_KERNELS_ATTENTION_SIMD_LOOPS_H_

#include <cmath>
#include <cstdint>

#include "clearhead/kernels/attention/pool.h"
#include "clearhead/kernels/attention/simd.h"
#include "clearhead/kernels/attention/tile.h"

namespace clearhead::kernels::simd {

/// As attention_forward_simd. Returns whether all of z and row_sum is finite; rows that are not may
/// differ from the reference.
bool forward(const AttentionProblem<float>& problem, const QueryBlock& block, KeyRange keys,
             const BlockResult& result, float* workspace);

/// The same for blocks of up to kDecodeRows rows, whose keys and values may be stored as bf16.
inline constexpr std::int64_t kDecodeRows = 8;
bool decode(const AttentionProblem<float>& problem, const QueryBlock& block, KeyRange keys,
            const BlockResult& result, float* workspace);

/// As attention_backward_simd.
void backward(const AttentionProblem<float>& problem, const AttentionBackward<float>& saved,
              const QueryBlock& block, KeyRange keys, const GradientRows<float>& to,
              float* workspace);

/// Adds ∂L/∂bias of the pairs of a block's queries and the keys of one tile to d_mask.
void backward_mask(const AttentionProblem<float>& problem, const AttentionBackward<float>& saved,
                   const QueryBlock& block, KeyRange keys, float* d_mask, float* workspace);

/// As attention_delta_simd.
void delta(std::int64_t rows, std::int64_t Dv, const float* dz, std::int64_t dz_stride,
           const float* z, std::int64_t z_stride, float* delta);

/// As attention_pool_scalar for up to kQueryBlock rows, writing the cells `cells`. Rows that are
/// not finite may differ from the reference.
void pool(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t h, std::int64_t t,
          std::int64_t t_end, KeyRange cells, const PooledRows<float>& out, float* workspace);

/// scores[i·kKeyTile + j] = q_i·k_j for the queries i and keys j of a tile, to the last bit what
/// the functions above calculate. `workspace`: (D + kQueryTile)·kKeyTile numbers.
void raw_scores(const AttentionProblem<float>& problem, const Tile& tile, float* scores,
                float* workspace);

/// Whether z [Dv] and row_sum of a row are finite; if not, the reference calculates the row.
inline bool is_finite_row(std::int64_t Dv, const float* z, float row_sum) {
  bool finite = std::isfinite(row_sum);
  for (std::int64_t e = 0; e < Dv; ++e) finite = finite && std::isfinite(z[e]);
  return finite;
}

}  // namespace clearhead::kernels::simd

#endif  // CLEARHEAD_KERNELS_ATTENTION_SIMD_LOOPS_H_
