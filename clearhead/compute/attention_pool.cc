// One pass over all pairs of a head, which are too many to look at one by one: forward, and the
// pattern in cells (kernels/attention/pool.h).
#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "clearhead/base/ceil_div.h"
#include "clearhead/base/parallel.h"
#include "clearhead/base/workspace.h"
#include "clearhead/compute/attention_internal.h"
#include "clearhead/kernels/attention/bf16.h"
#include "clearhead/kernels/attention/pool.h"
#include "clearhead/kernels/attention/tile.h"

namespace clearhead::compute {
namespace {

using kernels::AttentionProblem;
using kernels::kPoolRows;
using kernels::kQueryTile;
using kernels::PooledRows;

// Tells `progress` what part of all pairs has been done.
class ProgressOfPairs {
 public:
  ProgressOfPairs(const Attention& head, const std::function<void(double)>& progress)
      : head_(head), progress_(progress) {
    if (progress_) all_ = pairs(0, head.T);
  }
  void did(std::int64_t t, std::int64_t t_end) {
    if (!progress_) return;
    const std::int64_t done = done_ += pairs(t, t_end);
    progress_(static_cast<double>(done) / static_cast<double>(std::max<std::int64_t>(all_, 1)));
  }

 private:
  // That queries [t, t_end) see.
  std::int64_t pairs(std::int64_t t, std::int64_t t_end) const {
    std::int64_t pairs = 0;
    for (; t < t_end; ++t) {
      const KeyRange seen = head_.visible_keys(0, t);
      pairs += std::max<std::int64_t>(0, std::min(seen.end, head_.S) - seen.begin);
    }
    return pairs;
  }

  const Attention& head_;
  const std::function<void(double)>& progress_;
  std::int64_t all_ = 0;
  std::atomic<std::int64_t> done_ = 0;
};

// Takes in the pooled rows of queries [t, t_end), whose cells `seen` are written.
using TakePooled = std::function<void(std::int64_t t, std::int64_t t_end, KeyRange seen,
                                      const PooledRows<float>& rows)>;

// All queries, in cells of `cell` keys. `take`, unless it is empty, is called with queries that lie
// within one run of `cell` queries: for the same run one call after the other, in their order; for
// different ones perhaps at the same time.
AttentionRows pool_rows(const Attention& head, std::int64_t cell,
                        const std::function<void(double)>& progress, const TakePooled& take) {
  const AttentionProblem<float> problem = problem_of<float>(head);
  AttentionRows results;
  if (head.v.defined()) results.z = Tensor::empty({head.T, head.Dv}, DType::f32);
  for (Tensor* row : {&results.row_max, &results.row_sum, &results.mean_score}) {
    *row = Tensor::empty({head.T}, DType::f32);
  }
  float* const z = head.v.defined() ? results.z.mutable_data<float>() : nullptr;
  float* const row_max = results.row_max.mutable_data<float>();
  float* const row_sum = results.row_sum.mutable_data<float>();
  float* const mean_score = results.mean_score.mutable_data<float>();

  const bool packed = kernels::attention_pool_takes_bf16(problem, cell);
  const Workspace<char> packed_head(packed ? kernels::pool_head_bytes(problem) : 0);
  if (packed) {
    parallel_for(kernels::pack_pieces({0, problem.keys}), [&](std::int64_t i) {
      kernels::pack_pool_piece(problem, 0, 0, i, packed_head.get());
    });
  }
  const std::int64_t cells = ceil_div(problem.keys, cell);
  // Rows of one call: as many as keys are read once for, but no more than 16 MiB of cells.
  const std::int64_t rows = std::clamp<std::int64_t>(
      (std::int64_t{1} << 21) / cells / kQueryTile * kQueryTile, kQueryTile, kPoolRows);
  // Rows of a piece: whole runs of what belongs together.
  const std::int64_t run = take ? cell : 1;
  const std::int64_t piece_rows = run < rows ? rows / run * run : run;
  ProgressOfPairs pairs(head, progress);
  parallel_for(ceil_div(problem.queries, piece_rows), [&](std::int64_t piece) {
    const Workspace<float> of_cells(2 * rows * cells);
    const Workspace<float> memory(kernels::attention_pool_workspace(problem, cell));
    const std::int64_t end = std::min((piece + 1) * piece_rows, problem.queries);
    for (std::int64_t t = piece * piece_rows; t < end; t += rows) {
      const std::int64_t t_end = std::min(t + rows, end);
      const auto rows_from = [&](std::int64_t i) {
        return PooledRows<float>{z + i * problem.Dv,
                                 row_max + i,
                                 row_sum + i,
                                 mean_score + i,
                                 cell,
                                 cells,
                                 of_cells.get() + (i - t) * cells,
                                 of_cells.get() + (rows + i - t) * cells};
      };
      kernels::attention_pool(problem, 0, 0, t, t_end, packed ? packed_head.get() : nullptr,
                              rows_from(t), memory.get());
      const KeyRange seen = kernels::pooled_cells(problem, 0, t, t_end, cell);
      for (std::int64_t i = t; take && i < t_end;) {
        const std::int64_t i_end = std::min((i / cell + 1) * cell, t_end);
        take(i, i_end, seen, rows_from(i));
        i = i_end;
      }
      pairs.did(t, t_end);
    }
  });
  return results;
}

}  // namespace

AttentionRows attention_rows(const Attention& head, const std::function<void(double)>& progress) {
  return pool_rows(head, std::max<std::int64_t>(head.S, 1), progress, {});
}

AttentionCells attention_cells(const Attention& head, std::int64_t cell,
                               const std::function<void(double)>& progress) {
  const std::int64_t columns = ceil_div(head.S, cell);
  const Shape shape = {ceil_div(head.T, cell), columns};
  AttentionCells cells;
  cells.max = Tensor::empty(shape, DType::f32);
  cells.sum = Tensor(shape, DType::f32);
  float* const max = cells.max.mutable_data<float>();
  float* const sum = cells.sum.mutable_data<float>();
  std::fill_n(max, cells.max.count(), -std::numeric_limits<float>::infinity());
  cells.rows = pool_rows(
      head, cell, progress,
      [&](std::int64_t t, std::int64_t t_end, KeyRange seen, const PooledRows<float>& pooled) {
        const std::int64_t row = t / cell * columns;
        kernels::pool_into_cells(pooled, t_end - t, seen, max + row, sum + row);
      });
  for (std::int64_t i = 0; i < cells.max.count(); ++i) max[i] = std::exp(max[i]);
  cells.precision = kernels::attention_pool_takes_bf16(problem_of<float>(head), cell)
                        ? head.precision
                        : Precision::highest;
  return cells;
}

}  // namespace clearhead::compute
