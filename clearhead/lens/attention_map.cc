#include "clearhead/lens/attention_map.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"
#include "clearhead/lens/attention_head.h"

namespace clearhead {
namespace {

using kernels::AttentionProblem;
using kernels::KeyRange;
using kernels::PooledRows;

constexpr std::int64_t kMostCells = 8192;  // a side of the finest level: 512 MiB for max and mean
constexpr std::int64_t kUsualCells = 2048;

// pairs[c] = the pairs of row `row` of cells that see each other.
void count_pairs(const AttentionProblem<float>& problem, std::int64_t cell, std::int64_t row,
                 std::vector<std::int64_t>& pairs) {
  std::fill(pairs.begin(), pairs.end(), 0);
  std::vector<std::int64_t> whole(pairs.size() + 1, 0);  // begins and ends of runs of whole cells
  const std::int64_t t_end = std::min((row + 1) * cell, problem.queries);
  for (std::int64_t t = row * cell; t < t_end; ++t) {
    const KeyRange seen = kernels::visible_keys(problem, 0, t);
    const std::int64_t end = std::min(seen.end, problem.keys);
    if (seen.begin >= end) continue;
    const std::int64_t first = seen.begin / cell;
    const std::int64_t last = (end - 1) / cell;
    if (first == last) {
      pairs[first] += end - seen.begin;
      continue;
    }
    pairs[first] += (first + 1) * cell - seen.begin;
    pairs[last] += end - last * cell;
    ++whole[first + 1];
    --whole[last];
  }
  std::int64_t running = 0;
  for (std::size_t c = 0; c < pairs.size(); ++c) {
    running += whole[c];
    pairs[c] += running * cell;
  }
}

// The next coarser level; `mean` holds sums in both.
AttentionMapLevel coarser(const AttentionMapLevel& fine) {
  const std::int64_t rows = divide_up(fine.max.size(0), 2);
  const std::int64_t columns = divide_up(fine.max.size(1), 2);
  AttentionMapLevel level{2 * fine.cell, Tensor::empty({rows, columns}, DType::f32),
                          Tensor({rows, columns}, DType::f32)};
  float* const max = level.max.mutable_data<float>();
  float* const sum = level.mean.mutable_data<float>();
  std::fill(max, max + rows * columns, kMinusInfinity);
  const float* fine_max = fine.max.data<float>();
  const float* fine_sum = fine.mean.data<float>();
  for (std::int64_t i = 0; i < fine.max.size(0); ++i) {
    for (std::int64_t j = 0; j < fine.max.size(1); ++j) {
      const std::int64_t at = i / 2 * columns + j / 2;
      if (*fine_max > max[at] || std::isnan(*fine_max)) max[at] = *fine_max;
      sum[at] += *fine_sum;
      ++fine_max, ++fine_sum;
    }
  }
  return level;
}

// Sums become means over the pairs that see each other; −∞ where there is none.
void divide_by_pairs(const AttentionProblem<float>& problem, AttentionMapLevel& level) {
  float* const mean = level.mean.mutable_data<float>();
  const std::int64_t columns = level.mean.size(1);
  parallel_for(level.mean.size(0), [&](std::int64_t i) {
    std::vector<std::int64_t> pairs(static_cast<std::size_t>(columns));
    count_pairs(problem, level.cell, i, pairs);
    for (std::int64_t j = 0; j < columns; ++j) {
      float& x = mean[i * columns + j];
      x = pairs[j] == 0 ? kMinusInfinity : x / static_cast<float>(pairs[j]);
    }
  });
}

// The finest level with its sums still sums, and the coarser ones of it.
void build_levels(const AttentionProblem<float>& problem, AttentionMapLevel finest,
                  AttentionMap& map) {
  map.levels.push_back(std::move(finest));
  while (map.levels.back().max.count() > 1) map.levels.push_back(coarser(map.levels.back()));
  for (AttentionMapLevel& level : map.levels) divide_by_pairs(problem, level);
}

// mean_score becomes the entropy −Σ P·ln P = row_max + ln row_sum − Σ P·score.
void finish_entropy(std::int64_t rows, const RowResults& r) {
  for (std::int64_t i = 0; i < rows; ++i) {
    const float entropy = (r.row_max[i] - r.mean_score[i]) + std::log(r.row_sum[i]);
    // Rounding may leave a little less than nothing; a query that sees no key has nothing.
    r.mean_score[i] = r.row_sum[i] == 0 || entropy < 0 ? 0 : entropy;
  }
}

}  // namespace

std::int64_t default_cell(std::int64_t queries, std::int64_t keys) {
  std::int64_t cell = 1;
  while (cell * kUsualCells < std::max(queries, keys)) cell *= 2;
  return cell;
}

AttentionMap attention_map(const Tensor& q, const Tensor& k, const AttentionMapOptions& options,
                           const Tensor& v) {
  const AttentionHead head(q, k, v, options);
  const AttentionProblem<float>& problem = head.problem();
  const std::int64_t T = problem.queries;
  const std::int64_t S = problem.keys;
  const std::int64_t cell = options.cell == 0 ? default_cell(T, S) : options.cell;
  const std::int64_t rows = divide_up(T, cell);
  const std::int64_t columns = divide_up(S, cell);
  if (std::max(rows, columns) > kMostCells) {
    throw Error("attention map: cells of " + std::to_string(cell) + " make a map of " +
                std::to_string(rows) + " × " + std::to_string(columns) + ", more than " +
                std::to_string(kMostCells) + " a side; take cells of " +
                std::to_string(divide_up(std::max(T, S), kMostCells)) + " or more");
  }
  AttentionMap map;
  if (kernels::pool_is_packed(problem, cell)) map.precision = options.precision;
  map.row_max = Tensor::empty({T}, DType::f32);
  map.row_sum = Tensor::empty({T}, DType::f32);
  map.row_entropy = Tensor::empty({T}, DType::f32);
  if (v.defined()) map.z = Tensor::empty({T, problem.Dv}, DType::f32);
  const RowResults results{v.defined() ? map.z.mutable_data<float>() : nullptr,
                           map.row_max.mutable_data<float>(), map.row_sum.mutable_data<float>(),
                           map.row_entropy.mutable_data<float>()};
  AttentionMapLevel finest{cell, Tensor::empty({rows, columns}, DType::f32),
                           Tensor({rows, columns}, DType::f32)};
  float* const max = finest.max.mutable_data<float>();
  float* const sum = finest.mean.mutable_data<float>();
  std::fill(max, max + rows * columns, kMinusInfinity);
  pool_all(
      problem, cell, results, options.progress,
      [&](std::int64_t t, std::int64_t t_end, KeyRange cells, const PooledRows<float>& pooled) {
        const std::int64_t row = t / cell * columns;
        kernels::pool_into_cells(pooled, t_end - t, cells, max + row, sum + row);
      });
  for (std::int64_t i = 0; i < rows * columns; ++i) max[i] = std::exp(max[i]);
  finish_entropy(T, results);

  map.cell_mass = Tensor({columns}, DType::f64);
  double* const mass = map.cell_mass.mutable_data<double>();
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    mass[i % columns] += static_cast<double>(sum[i]);
  }
  build_levels(problem, std::move(finest), map);
  // A largest weight of 0 may be one too small for f32, or that of a cell which nothing sees.
  for (AttentionMapLevel& level : map.levels) {
    float* const largest = level.max.mutable_data<float>();
    for (std::int64_t i = 0; i < level.max.count(); ++i) {
      if (level.mean.data<float>()[i] == kMinusInfinity) largest[i] = kMinusInfinity;
    }
  }
  return map;
}

}  // namespace clearhead
