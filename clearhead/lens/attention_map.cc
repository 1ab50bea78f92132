// The overview of very long attention, in O(T) memory.
#include "clearhead/lens/attention_map.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "clearhead/base/ceil_div.h"
#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"
#include "clearhead/lens/head_call_internal.h"

namespace clearhead {
namespace {

constexpr std::int64_t kMostCells = 8192;  // a side of the finest level: 512 MiB for max and mean
constexpr std::int64_t kUsualCells = 2048;

// pairs[c] = the pairs of row `row` of cells that see each other.
void count_pairs(const compute::Attention& head, std::int64_t cell, std::int64_t row,
                 std::vector<std::int64_t>& pairs) {
  std::fill(pairs.begin(), pairs.end(), 0);
  std::vector<std::int64_t> whole(pairs.size() + 1, 0);  // begins and ends of runs of whole cells
  const std::int64_t t_end = std::min((row + 1) * cell, head.T);
  for (std::int64_t t = row * cell; t < t_end; ++t) {
    const KeyRange seen = head.visible_keys(0, t);
    const std::int64_t end = std::min(seen.end, head.S);
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
  const std::int64_t rows = ceil_div(fine.max.size(0), 2);
  const std::int64_t columns = ceil_div(fine.max.size(1), 2);
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
void divide_by_pairs(const compute::Attention& head, AttentionMapLevel& level) {
  float* const mean = level.mean.mutable_data<float>();
  const std::int64_t columns = level.mean.size(1);
  parallel_for(level.mean.size(0), [&](std::int64_t i) {
    std::vector<std::int64_t> pairs(static_cast<std::size_t>(columns));
    count_pairs(head, level.cell, i, pairs);
    for (std::int64_t j = 0; j < columns; ++j) {
      float& x = mean[i * columns + j];
      x = pairs[j] == 0 ? kMinusInfinity : x / static_cast<float>(pairs[j]);
    }
  });
}

// The finest level with its sums still sums, and the coarser ones of it.
void build_levels(const compute::Attention& head, AttentionMapLevel finest, AttentionMap& map) {
  map.levels.push_back(std::move(finest));
  while (map.levels.back().max.count() > 1) map.levels.push_back(coarser(map.levels.back()));
  for (AttentionMapLevel& level : map.levels) divide_by_pairs(head, level);
}

// The entropy of each row, −Σ P·ln P = row_max + ln row_sum − Σ P·score.
Tensor entropy_of(const compute::AttentionRows& rows) {
  Tensor entropy = Tensor::empty(rows.row_max.shape(), DType::f32);
  const float* const row_max = rows.row_max.data<float>();
  const float* const row_sum = rows.row_sum.data<float>();
  const float* const mean_score = rows.mean_score.data<float>();
  for (std::int64_t i = 0; i < entropy.count(); ++i) {
    const float x = (row_max[i] - mean_score[i]) + std::log(row_sum[i]);
    // Rounding may leave a little less than nothing; a query that sees no key has nothing.
    entropy.mutable_data<float>()[i] = row_sum[i] == 0 || x < 0 ? 0 : x;
  }
  return entropy;
}

}  // namespace

std::int64_t default_cell(std::int64_t queries, std::int64_t keys) {
  std::int64_t cell = 1;
  while (cell * kUsualCells < std::max(queries, keys)) cell *= 2;
  return cell;
}

AttentionMap attention_map(const Tensor& q, const Tensor& k, const AttentionMapOptions& options,
                           const Tensor& v) {
  const compute::Attention head = head_of(q, k, v, options);
  const std::int64_t T = head.T, S = head.S;
  const std::int64_t cell = options.cell == 0 ? default_cell(T, S) : options.cell;
  const std::int64_t rows = ceil_div(T, cell);
  const std::int64_t columns = ceil_div(S, cell);
  if (std::max(rows, columns) > kMostCells) {
    throw Error("attention map: cells of " + std::to_string(cell) + " make a map of " +
                std::to_string(rows) + " × " + std::to_string(columns) + ", more than " +
                std::to_string(kMostCells) + " a side; take cells of " +
                std::to_string(ceil_div(std::max(T, S), kMostCells)) + " or more");
  }
  compute::AttentionCells cells = compute::attention_cells(head, cell, options.progress);
  AttentionMap map;
  map.precision = cells.precision;
  map.z = cells.rows.z;
  map.row_max = cells.rows.row_max;
  map.row_sum = cells.rows.row_sum;
  map.row_entropy = entropy_of(cells.rows);

  map.cell_mass = Tensor({columns}, DType::f64);
  double* const mass = map.cell_mass.mutable_data<double>();
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    mass[i % columns] += static_cast<double>(cells.sum.data<float>()[i]);
  }
  build_levels(head, {cell, std::move(cells.max), std::move(cells.sum)}, map);
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
