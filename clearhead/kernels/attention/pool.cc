// Attention with pooling: scalar, and the choice among scalar, simd and bf16.
#include "clearhead/kernels/attention/pool.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "clearhead/base/ceil_div.h"
#include "clearhead/kernels/attention/bf16.h"
#include "clearhead/kernels/attention/scalar.h"
#include "clearhead/kernels/attention/simd_loops.h"
#include "clearhead/kernels/targets/dispatch.h"
#include "clearhead/kernels/targets/tiles.h"

namespace clearhead::kernels {
namespace {

template <typename T>
constexpr T kMinusInfinity = -std::numeric_limits<T>::infinity();

// One row of a tile of scores enters its cells, relative to the row's final maximum.
template <typename T>
void pool_row(const Tile& tile, const T* scores, std::int64_t row, const PooledRows<T>& out) {
  for (std::int64_t j = 0; j < tile.s_end - tile.s; ++j) {
    if (scores[j] == kMinusInfinity<T>) continue;
    const std::int64_t at = row * out.cells + (tile.s + j) / out.cell;
    const T weight = std::exp(scores[j] - out.row_max[row]);
    if (scores[j] > out.cell_max[at] || std::isnan(scores[j])) out.cell_max[at] = scores[j];
    out.cell_sum[at] += weight;
    out.mean_score[row] += weight * scores[j];
  }
}

// Rows from `row` on of what is calculated.
PooledRows<float> rows_from(const AttentionProblem<float>& problem, const PooledRows<float>& out,
                            std::int64_t row) {
  return {out.z + row * problem.Dv,
          out.row_max + row,
          out.row_sum + row,
          out.mean_score + row,
          out.cell,
          out.cells,
          out.cell_max + row * out.cells,
          out.cell_sum + row * out.cells};
}

// The reference for rows [t, t_end), which are rows from `row` on of `out`.
void pool_by_reference(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t h,
                       std::int64_t t, std::int64_t t_end, const PooledRows<float>& out,
                       float* workspace) {
  for (std::int64_t i = t; i < t_end; i += kQueryTile) {
    attention_pool_scalar(problem, b, h, i, std::min(i + kQueryTile, t_end),
                          rows_from(problem, out, i - t), workspace);
  }
}

// By blocks of queries with the processor's vectors.
void pool_by_blocks(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t h,
                    std::int64_t t, std::int64_t t_end, KeyRange cells,
                    const PooledRows<float>& out, float* workspace) {
  for (std::int64_t i = t; i < t_end; i += kQueryBlock) {
    const std::int64_t end = std::min(i + kQueryBlock, t_end);
    const PooledRows<float> rows = rows_from(problem, out, i - t);
    simd::pool(problem, b, h, i, end, cells, rows, workspace);
    for (std::int64_t row = 0; row < end - i; ++row) {
      const float* const z = rows.z + row * problem.Dv;
      if (simd::is_finite_row(problem.Dv, z, rows.row_sum[row])) continue;
      attention_pool_scalar(problem, b, h, i + row, i + row + 1, rows_from(problem, rows, row),
                            workspace);
    }
  }
}

}  // namespace

template <typename T>
KeyRange pooled_cells(const AttentionProblem<T>& problem, std::int64_t b, std::int64_t t,
                      std::int64_t t_end, std::int64_t cell) {
  // Both ends of what a query sees move to the right with it.
  const std::int64_t begin = visible_keys(problem, b, t).begin;
  const std::int64_t end = std::min(visible_keys(problem, b, t_end - 1).end, problem.keys);
  return begin < end ? KeyRange{begin / cell, ceil_div(end, cell)} : KeyRange{0, 0};
}

template <typename T>
void attention_pool_scalar(const AttentionProblem<T>& problem, std::int64_t b, std::int64_t h,
                           std::int64_t t, std::int64_t t_end, const PooledRows<T>& out,
                           T* workspace) {
  const std::int64_t rows = t_end - t;
  attention_forward_scalar(problem, b, h, t, t_end, {0, problem.keys}, out.z, out.row_max,
                           out.row_sum, workspace);
  std::fill(out.mean_score, out.mean_score + rows, T{0});
  for (std::int64_t i = 0; i < rows; ++i) {
    std::fill_n(out.cell_max + i * out.cells, out.cells, kMinusInfinity<T>);
    std::fill_n(out.cell_sum + i * out.cells, out.cells, T{0});
  }
  T* const scores = workspace;
  T* const rest = workspace + kQueryTile * kKeyTile;
  const std::int64_t begin = visible_keys(problem, b, t).begin;
  const std::int64_t end = std::min(visible_keys(problem, b, t_end - 1).end, problem.keys);
  for (std::int64_t s = begin; s < end; s += kKeyTile) {
    const Tile tile{b, h, t, t_end, s, std::min(s + kKeyTile, end)};
    score_tile(problem, tile, AttentionStage::attn_scores, scores, rest);
    for (std::int64_t i = 0; i < rows; ++i) pool_row(tile, scores + i * kKeyTile, i, out);
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    if (out.row_sum[i] != 0) out.mean_score[i] /= out.row_sum[i];
  }
}

bool attention_pool_takes_bf16(const AttentionProblem<float>& problem, std::int64_t cell) {
  // Hidden pairs have a score of −1e38 there, which a scale next to 0 would make visible.
  constexpr float kSmallestScale = 1e-30F;
  return tiles_serve(problem.precision) && problem.rounding == SoftmaxRounding::none &&
         std::fabs(problem.scale()) > kSmallestScale && packed_cells_fit(cell);
}

std::int64_t attention_pool_workspace(const AttentionProblem<float>& problem, std::int64_t cell) {
  const std::int64_t cells = ceil_div(problem.keys, cell);
  const std::int64_t by_blocks =
      attention_workspace_simd(problem) + kQueryBlock * (4 + 3 * (cells + 1));
  return attention_pool_takes_bf16(problem, cell)
             ? std::max(attention_pool_workspace_bf16(problem), by_blocks)
             : by_blocks;
}

void attention_pool(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t h,
                    std::int64_t t, std::int64_t t_end, const char* head,
                    const PooledRows<float>& out, float* workspace) {
  if (current_target() == Target::baseline || problem.rounding != SoftmaxRounding::none) {
    pool_by_reference(problem, b, h, t, t_end, out, workspace);
    return;
  }
  const KeyRange cells = pooled_cells(problem, b, t, t_end, out.cell);
  if (head == nullptr) {
    pool_by_blocks(problem, b, h, t, t_end, cells, out, workspace);
    return;
  }
  bool trusted[kPoolRows];
  attention_pool_bf16(problem, b, h, t, t_end, cells, head, out, trusted, workspace);
  for (std::int64_t row = 0; row < t_end - t;) {
    std::int64_t end = row;
    while (end < t_end - t && !trusted[end]) ++end;
    if (end > row) {
      pool_by_blocks(problem, b, h, t + row, t + end, cells, rows_from(problem, out, row),
                     workspace);
    }
    row = end + 1;
  }
}

void pool_into_cells(const PooledRows<float>& pooled, std::int64_t rows, KeyRange cells,
                     float* log_max, float* sum) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const float row_max = pooled.row_max[row];
    if (pooled.row_sum[row] == 0) continue;  // sees no key
    const float log_sum = std::log(pooled.row_sum[row]);
    const float factor = 1 / pooled.row_sum[row];
    const float* const maxima = pooled.cell_max + row * pooled.cells;
    const float* const sums = pooled.cell_sum + row * pooled.cells;
    for (std::int64_t c = cells.begin; c < cells.end; ++c) {
      const float weight = (maxima[c] - row_max) - log_sum;
      log_max[c] = weight > log_max[c] || weight != weight ? weight : log_max[c];
      sum[c] += sums[c] * factor;
    }
  }
}

#define CLEARHEAD_INSTANTIATE(T)                                                              \
  template KeyRange pooled_cells(const AttentionProblem<T>&, std::int64_t, std::int64_t,      \
                                 std::int64_t, std::int64_t);                                 \
  template void attention_pool_scalar(const AttentionProblem<T>&, std::int64_t, std::int64_t, \
                                      std::int64_t, std::int64_t, const PooledRows<T>&, T*);
CLEARHEAD_INSTANTIATE(float)
CLEARHEAD_INSTANTIATE(double)
#undef CLEARHEAD_INSTANTIATE

}  // namespace clearhead::kernels
