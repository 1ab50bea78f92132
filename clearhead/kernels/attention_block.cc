#include "clearhead/kernels/attention_block.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace clearhead::kernels {
namespace {

// With fewer queries than this a block of one head would leave most lanes empty.
constexpr std::int64_t kFewQueries = 16;

std::int64_t heads_of(const AttentionProblem<float>& problem) { return problem.H / problem.G; }

}  // namespace

std::int64_t query_blocks(const AttentionProblem<float>& problem) {
  const std::int64_t heads = heads_of(problem);
  const auto blocks = [](std::int64_t rows) { return (rows + kQueryBlock - 1) / kQueryBlock; };
  return problem.queries < kFewQueries ? blocks(heads * problem.queries)
                                       : heads * blocks(problem.queries);
}

QueryBlock query_block(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t g,
                       std::int64_t i) {
  const std::int64_t T = problem.queries;
  if (T < kFewQueries) {
    const std::int64_t first = i * kQueryBlock;
    return {b, g, first, std::min(kQueryBlock, heads_of(problem) * T - first)};
  }
  const std::int64_t blocks = (T + kQueryBlock - 1) / kQueryBlock;  // of one head
  const std::int64_t t = i % blocks * kQueryBlock;
  return {b, g, i / blocks * T + t, std::min(kQueryBlock, T - t)};
}

std::int64_t row_of(const AttentionProblem<float>& problem, const QueryBlock& block) {
  return (block.b * problem.H + block.g * heads_of(problem)) * problem.queries + block.first;
}

}  // namespace clearhead::kernels
