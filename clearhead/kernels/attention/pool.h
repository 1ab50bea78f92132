// Attention of sequences that are too long to look at pair by pair. One pass gives z, the softmax
// of each row, and numbers from which an overview of the pattern is made.
//
// The keys are divided into cells of `cell` neighbours. For each query and cell two numbers are
// kept:
//
//     cell_max   the largest score in the cell
//     cell_sum   Σ exp(score − row_max) over the cell
//
// With the final maximum and sum of the row, exp(cell_max − row_max)/row_sum is the largest weight
// of the cell, and cell_sum/row_sum the sum of its weights. Until the row ends, a sum is relative
// to the maximum, or reference, at that time; at the end it is rescaled once. A larger cell takes
// the largest of the largest weights and the sum of the sums, both exact. So a pyramid above these
// cells needs q and k no more.
//
// The row's entropy comes from Σ p·score: −Σ p·ln p = row_max + ln row_sum − Σ p·score.
#ifndef CLEARHEAD_KERNELS_ATTENTION_POOL_H_
#define CLEARHEAD_KERNELS_ATTENTION_POOL_H_

#include <cstdint>

#include "clearhead/kernels/attention/problem.h"

namespace clearhead::kernels {

/// Rows of one call of attention_pool at most. Packed keys are read from memory once for all of
/// these rows: at D = 64 that is 128 bytes a key for 512 scores of half a cycle each, or 1.2 GB/s a
/// core.
inline constexpr std::int64_t kPoolRows = 512;

/// What is calculated for rows [t, t_end) of one head.
template <typename T>
struct PooledRows {
  T* z;                ///< [rows, Dv]
  T* row_max;          ///< [rows]
  T* row_sum;          ///< [rows]
  T* mean_score;       ///< [rows]: Σ p·score; 0 for a row that sees no key
  std::int64_t cell;   ///< keys of a cell
  std::int64_t cells;  ///< numbers from row to row of the following, at least keys/cell, rounded up
  T* cell_max;         ///< [rows, cells]: −inf where the row sees no key of the cell
  T* cell_sum;         ///< [rows, cells]
};

/// The cells that some row of [t, t_end) may see. Only these are written, for all of the rows.
template <typename T>
KeyRange pooled_cells(const AttentionProblem<T>& problem, std::int64_t b, std::int64_t t,
                      std::int64_t t_end, std::int64_t cell);

/// Forward with pooling for queries [t, t_end) of one head, at most kQueryTile: the reference.
/// `workspace`: attention_workspace_scalar(problem) numbers.
template <typename T>
void attention_pool_scalar(const AttentionProblem<T>& problem, std::int64_t b, std::int64_t h,
                           std::int64_t t, std::int64_t t_end, const PooledRows<T>& out,
                           T* workspace);

/// Whether attention_pool takes packed keys and values (bf16.h): products are of lower precision,
/// the target has tiles, and the cells fit them.
bool attention_pool_takes_bf16(const AttentionProblem<float>& problem, std::int64_t cell);

/// Numbers of workspace for the function below, which is aligned to 64 bytes.
std::int64_t attention_pool_workspace(const AttentionProblem<float>& problem, std::int64_t cell);

/// Forward with pooling for queries [t, t_end) of one head, at most kPoolRows, as fast as the
/// target in use can. `head`: the head packed by pack_pool_piece if attention_pool_takes_bf16, else
/// null.
void attention_pool(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t h,
                    std::int64_t t, std::int64_t t_end, const char* head,
                    const PooledRows<float>& out, float* workspace);

/// Adds `rows` rows of cells [begin, end) to one row of a map: log_max[c], the logarithm of the
/// largest weight, which starts from −inf, and sum[c], the sum of weights, which starts from 0. A
/// NaN stays.
void pool_into_cells(const PooledRows<float>& pooled, std::int64_t rows, KeyRange cells,
                     float* log_max, float* sum);

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_ATTENTION_POOL_H_
