// Blocks of queries: how they divide a head, the loops that serve them, and the rows that the
// scalar kernels calculate instead.
#include "clearhead/kernels/attention/simd.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "clearhead/base/ceil_div.h"
#include "clearhead/kernels/attention/scalar.h"
#include "clearhead/kernels/attention/simd_loops.h"
#include "clearhead/kernels/targets/dispatch.h"

namespace clearhead::kernels {
namespace {

std::int64_t heads_of(const AttentionProblem<float>& problem) { return problem.H / problem.G; }

// The reference for rows [row, row_end) of a block, which may belong to several heads.
void reference_rows(const AttentionProblem<float>& problem, const QueryBlock& block,
                    std::int64_t row, std::int64_t row_end, KeyRange keys,
                    const BlockResult& result, float* workspace) {
  while (row < row_end) {
    const std::int64_t in_group = block.first + row;
    const std::int64_t h = block.g * heads_of(problem) + in_group / problem.queries;
    const std::int64_t t = in_group % problem.queries;
    const std::int64_t n = std::min({row_end - row, problem.queries - t, kQueryTile});
    attention_forward_scalar(problem, block.b, h, t, t + n, keys, result.z + row * problem.Dv,
                             result.row_max + row, result.row_sum + row, workspace);
    row += n;
  }
}

}  // namespace

std::int64_t query_blocks(const AttentionProblem<float>& problem) {
  const std::int64_t heads = heads_of(problem);
  const auto blocks = [](std::int64_t rows) { return ceil_div(rows, kQueryBlock); };
  return are_few_queries(problem.queries) ? blocks(heads * problem.queries)
                                          : heads * blocks(problem.queries);
}

QueryBlock query_block(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t g,
                       std::int64_t i) {
  const std::int64_t T = problem.queries;
  if (are_few_queries(T)) {
    const std::int64_t first = i * kQueryBlock;
    return {b, g, first, std::min(kQueryBlock, heads_of(problem) * T - first)};
  }
  const std::int64_t blocks = ceil_div(T, kQueryBlock);  // of one head
  const std::int64_t t = i % blocks * kQueryBlock;
  return {b, g, i / blocks * T + t, std::min(kQueryBlock, T - t)};
}

std::int64_t row_of(const AttentionProblem<float>& problem, const QueryBlock& block) {
  return (block.b * problem.H + block.g * heads_of(problem)) * problem.queries + block.first;
}

std::int64_t attention_workspace_simd(const AttentionProblem<float>& problem) {
  const std::int64_t tile = kQueryBlock * kKeyBlock;
  const std::int64_t sizes = problem.D + problem.Dv;
  const std::int64_t forward = (3 + sizes) * kQueryBlock + 3 * tile;
  // Rows are rounded up to vectors, of 16 lanes at most.
  const std::int64_t backward = (3 + 4 * sizes + 4 * 16) * kQueryBlock + 5 * tile;
  return std::max({forward, backward, attention_workspace_scalar(problem)});
}

bool attention_reads_bf16(std::int64_t queries) {
  return current_target() != Target::baseline && queries <= simd::kDecodeRows;
}

bool attention_backward_takes_simd(const AttentionProblem<float>& problem) {
  return current_target() != Target::baseline && problem.rounding == SoftmaxRounding::none;
}

void attention_delta_simd(std::int64_t rows, std::int64_t Dv, const float* dz,
                          std::int64_t dz_stride, const float* z, std::int64_t z_stride,
                          float* delta) {
  simd::delta(rows, Dv, dz, dz_stride, z, z_stride, delta);
}

void attention_backward_simd(const AttentionProblem<float>& problem,
                             const AttentionBackward<float>& saved, const QueryBlock& block,
                             KeyRange keys, const GradientRows<float>& to, float* workspace) {
  simd::backward(problem, saved, block, keys, to, workspace);
}

void attention_backward_mask_simd(const AttentionProblem<float>& problem,
                                  const AttentionBackward<float>& saved, std::int64_t s,
                                  float* d_mask, float* workspace) {
  const KeyRange keys{s, std::min(s + kKeyBlock, problem.keys)};
  const std::int64_t blocks = query_blocks(problem);
  for (std::int64_t head = 0; head < problem.B * problem.G; ++head) {
    for (std::int64_t i = 0; i < blocks; ++i) {
      const QueryBlock block = query_block(problem, head / problem.G, head % problem.G, i);
      simd::backward_mask(problem, saved, block, keys, d_mask, workspace);
    }
  }
}

void attention_forward_simd(const AttentionProblem<float>& problem, const QueryBlock& block,
                            KeyRange keys, const BlockResult& result, float* workspace) {
  const Target target = current_target();
  if (target == Target::baseline || problem.rounding != SoftmaxRounding::none) {
    reference_rows(problem, block, 0, block.rows, keys, result, workspace);
    return;
  }
  const bool finite = block.rows <= simd::kDecodeRows && !problem.scores_again
                          ? simd::decode(problem, block, keys, result, workspace)
                          : simd::forward(problem, block, keys, result, workspace);
  if (finite) return;
  if (problem.k_bf16.data != nullptr) return;
  const auto is_finite = [&](std::int64_t row) {
    return simd::is_finite_row(problem.Dv, result.z + row * problem.Dv, result.row_sum[row]);
  };
  for (std::int64_t row = 0; row < block.rows;) {
    std::int64_t end = row;
    while (end < block.rows && !is_finite(end)) ++end;
    reference_rows(problem, block, row, end, keys, result, workspace);
    row = end + 1;
  }
}

void attention_join_parts(std::int64_t parts, std::int64_t rows, std::int64_t Dv,
                          const BlockResult& of_parts, const BlockResult& joined) {
  for (std::int64_t row = 0; row < rows; ++row) {
    float max = -std::numeric_limits<float>::infinity();
    for (std::int64_t i = 0; i < parts; ++i) {
      const float part_max = of_parts.row_max[i * rows + row];
      if (part_max > max || std::isnan(part_max)) max = part_max;  // nothing exceeds a NaN
    }
    float* z = joined.z + row * Dv;
    std::fill(z, z + Dv, 0.0F);
    float sum = 0;
    for (std::int64_t i = 0; i < parts; ++i) {
      const float part_max = of_parts.row_max[i * rows + row];
      if (of_parts.row_sum[i * rows + row] == 0) continue;  // sees no key
      const float weight = of_parts.row_sum[i * rows + row] * std::exp(part_max - max);
      sum += weight;
      for (std::int64_t e = 0; e < Dv; ++e) z[e] += weight * of_parts.z[(i * rows + row) * Dv + e];
    }
    for (std::int64_t e = 0; e < Dv && sum != 0; ++e) z[e] /= sum;
    joined.row_max[row] = max;
    joined.row_sum[row] = sum;
  }
}

}  // namespace clearhead::kernels
