#include "clearhead/lens/attention_head.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <string>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"
#include "clearhead/base/workspace.h"
#include "clearhead/kernels/attention/attention_packed.h"

namespace clearhead {
namespace {

using kernels::AttentionProblem;
using kernels::KeyRange;
using kernels::kPoolRows;
using kernels::kQueryTile;
using kernels::PooledRows;

// A matrix of f32 whose rows lie without gaps.
Tensor matrix_of(const Tensor& x, const std::string& name) {
  if (!x.defined() || x.rank() != 2) {
    throw Error("attention map: expected " + name + " as a matrix [tokens, numbers], got " +
                (x.defined() ? "shape " + to_string(x.shape()) : "none") +
                "; choose one head of one batch");
  }
  if (x.dtype() == DType::i64 || x.dtype() == DType::boolean) {
    throw Error("attention map: expected " + name + " as floating-point numbers, got " +
                std::string(dtype_name(x.dtype())));
  }
  const Tensor f32 = x.to(DType::f32);
  return f32.strides()[1] == 1 || f32.size(1) == 1 ? f32 : f32.contiguous();
}

void check(const AttentionMapOptions& o) {
  const auto refuse = [](const std::string& text) { throw Error("attention map: " + text); };
  if (o.cell < 0) refuse("cell: expected 1 or more, or 0, got " + std::to_string(o.cell));
  if (o.left_window_size < -1 || o.right_window_size < -1) {
    refuse("window sizes: expected −1 (no bound) or more, got " +
           std::to_string(o.left_window_size) + " and " + std::to_string(o.right_window_size));
  }
  if (o.scale && !std::isfinite(*o.scale)) refuse("scale: expected a finite number");
  if (!std::isfinite(o.softcap) || o.softcap < 0) refuse("softcap: expected 0 or more");
}

// Pairs that queries [t, t_end) see.
std::int64_t pairs_of(const AttentionProblem<float>& problem, std::int64_t t, std::int64_t t_end) {
  std::int64_t pairs = 0;
  for (std::int64_t i = t; i < t_end; ++i) {
    const KeyRange seen = kernels::visible_keys(problem, 0, i);
    pairs += std::max<std::int64_t>(0, std::min(seen.end, problem.keys) - seen.begin);
  }
  return pairs;
}

// Tells `progress` what part of all pairs has been done.
class ProgressOfPairs {
 public:
  ProgressOfPairs(const AttentionProblem<float>& problem,
                  const std::function<void(double)>& progress)
      : problem_(problem), progress_(progress) {
    if (progress_) all_ = pairs_of(problem, 0, problem.queries);
  }
  void did(std::int64_t t, std::int64_t t_end) {
    if (!progress_) return;
    const std::int64_t done = done_ += pairs_of(problem_, t, t_end);
    progress_(static_cast<double>(done) / static_cast<double>(std::max<std::int64_t>(all_, 1)));
  }

 private:
  const AttentionProblem<float>& problem_;
  const std::function<void(double)>& progress_;
  std::int64_t all_ = 0;
  std::atomic<std::int64_t> done_ = 0;
};

}  // namespace

AttentionHead::AttentionHead(const Tensor& q, const Tensor& k, const Tensor& v,
                             const AttentionMapOptions& o)
    : q_(matrix_of(q, "q")), k_(matrix_of(k, "k")), key_count_(k_.size(0)) {
  check(o);
  if (v.defined()) v_ = matrix_of(v, "v");
  const auto shapes = [&] {
    return "q " + to_string(q_.shape()) + ", k " + to_string(k_.shape()) +
           (v_.defined() ? ", v " + to_string(v_.shape()) : "");
  };
  if (q_.size(1) != k_.size(1) || (v_.defined() && v_.size(0) != k_.size(0))) {
    throw Error("attention map: expected q [T, D], k [S, D] and v [S, Dv], got " + shapes());
  }
  if (q_.count() == 0 || k_.count() == 0) {
    throw Error("attention map: there is nothing to look at: " + shapes());
  }
  problem_.B = problem_.H = problem_.G = 1;
  problem_.queries = q_.size(0), problem_.keys = k_.size(0), problem_.D = q_.size(1);
  problem_.q = {q_.data<float>(), 0, 0, q_.strides()[0]};
  problem_.k = {k_.data<float>(), 0, 0, k_.strides()[0]};
  if (v_.defined()) {
    problem_.Dv = v_.size(1);
    problem_.v = {v_.data<float>(), 0, 0, v_.strides()[0]};
  }
  problem_.scale =
      static_cast<float>(o.scale.value_or(1 / std::sqrt(static_cast<double>(q_.size(1)))));
  problem_.softcap = static_cast<float>(o.softcap);
  problem_.is_causal = o.is_causal;
  problem_.left = o.left_window_size, problem_.right = o.right_window_size;
  problem_.offset = &offset_, problem_.key_count = &key_count_;
  problem_.rounding = kernels::SoftmaxRounding::none;
  problem_.precision = o.precision;
}

void AttentionHead::keep_queries(std::int64_t t, std::int64_t t_end) {
  problem_.q.data += t * problem_.q.stride_t;
  problem_.queries = t_end - t;
  problem_.precision = Precision::highest;
  offset_ += t;
}

void AttentionHead::exchange(const float* bias) {
  std::swap(problem_.q, problem_.k);
  std::swap(problem_.queries, problem_.keys);
  // i − left ≤ j ≤ i + right says j − right ≤ i ≤ j + left.
  const std::int64_t right = problem_.right;
  problem_.right = problem_.left;
  problem_.left = problem_.is_causal ? 0 : right;
  problem_.is_causal = false;
  key_count_ = problem_.keys;
  problem_.mask = {nullptr, bias, 0, 0, 0, 1};
}

void pool_all(const AttentionProblem<float>& problem, std::int64_t cell, const RowResults& results,
              const std::function<void(double)>& progress, const TakePooled& take) {
  const bool packed = kernels::pool_is_packed(problem, cell);
  const Workspace<char> head(packed ? kernels::pool_head_bytes(problem) : 0);
  if (packed) {
    parallel_for(kernels::pack_pieces({0, problem.keys}),
                 [&](std::int64_t i) { kernels::pack_pool_piece(problem, 0, 0, i, head.get()); });
  }
  const std::int64_t cells = divide_up(problem.keys, cell);
  // Rows of one call: as many as keys are read once for, but no more than 16 MiB of cells.
  const std::int64_t rows = std::clamp<std::int64_t>(
      (std::int64_t{1} << 21) / cells / kQueryTile * kQueryTile, kQueryTile, kPoolRows);
  // Rows of a piece: whole runs of what belongs together.
  const std::int64_t run = take ? cell : 1;
  const std::int64_t piece_rows = run < rows ? rows / run * run : run;
  ProgressOfPairs pairs(problem, progress);
  parallel_for(divide_up(problem.queries, piece_rows), [&](std::int64_t piece) {
    const Workspace<float> of_cells(2 * rows * cells);
    const Workspace<float> memory(kernels::pool_workspace(problem, cell));
    const std::int64_t end = std::min((piece + 1) * piece_rows, problem.queries);
    for (std::int64_t t = piece * piece_rows; t < end; t += rows) {
      const std::int64_t t_end = std::min(t + rows, end);
      const auto rows_from = [&](std::int64_t i) {
        return PooledRows<float>{results.z + i * problem.Dv,
                                 results.row_max + i,
                                 results.row_sum + i,
                                 results.mean_score + i,
                                 cell,
                                 cells,
                                 of_cells.get() + (i - t) * cells,
                                 of_cells.get() + (rows + i - t) * cells};
      };
      kernels::attention_pool_rows(problem, 0, 0, t, t_end, packed ? head.get() : nullptr,
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
}

}  // namespace clearhead
