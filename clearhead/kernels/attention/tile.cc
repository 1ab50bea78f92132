// What forward, backward and the views of attention share: which keys a query sees, the scores of a
// tile, the weight of a score.
#include "clearhead/kernels/attention/tile.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "clearhead/base/half.h"
#include "clearhead/kernels/attention/simd_loops.h"
#include "clearhead/kernels/targets/dispatch.h"

namespace clearhead::kernels {
namespace {

template <typename T>
constexpr T kMinusInfinity = -std::numeric_limits<T>::infinity();

// scores[i][j] = q_i·k_j, summed in the order of d.
template <typename T>
void scalar_raw_scores(const AttentionProblem<T>& problem, const Tile& tile, T* scores, T* kt) {
  // Keys are laid out as columns, kt[d][j], so that the innermost loop runs along j without a sum
  // to carry: the compiler turns it into vector code.
  const std::int64_t columns = tile.s_end - tile.s;
  for (std::int64_t j = 0; j < columns; ++j) {
    const T* key = problem.k.row(tile.b, problem.kv_head(tile.h), tile.s + j);
    for (std::int64_t d = 0; d < problem.D; ++d) kt[d * kKeyTile + j] = key[d];
  }
  for (std::int64_t i = 0; i < tile.t_end - tile.t; ++i) {
    T* row = scores + i * kKeyTile;
    const T* query = problem.q.row(tile.b, tile.h, tile.t + i);
    std::fill(row, row + columns, T{0});
    for (std::int64_t d = 0; d < problem.D; ++d) {
      const T q = query[d];
      const T* keys = kt + d * kKeyTile;
      for (std::int64_t j = 0; j < columns; ++j) row[j] += q * keys[j];
    }
  }
}

void raw_scores(const AttentionProblem<double>& problem, const Tile& tile, double* scores,
                double* workspace) {
  scalar_raw_scores(problem, tile, scores, workspace);
}

// A score must have the same bits wherever it is calculated, or a weight that is calculated again
// would not belong to the sum that forward found. So all of f32 takes the products of the target.
void raw_scores(const AttentionProblem<float>& problem, const Tile& tile, float* scores,
                float* workspace) {
  if (current_target() == Target::baseline) {
    scalar_raw_scores(problem, tile, scores, workspace);
  } else {
    simd::raw_scores(problem, tile, scores, workspace);
  }
}

}  // namespace

// Selecting instead of adding keeps a score of +inf or NaN behind a mask from mattering.
template <typename T>
void mask_scores(const AttentionProblem<T>& problem, std::int64_t b, std::int64_t h, std::int64_t t,
                 KeyRange keys, T* scores) {
  const KeyRange range = visible_keys(problem, b, t);
  const std::int64_t n = keys.end - keys.begin;
  const std::int64_t begin = std::clamp<std::int64_t>(range.begin - keys.begin, 0, n);
  const std::int64_t end = std::clamp<std::int64_t>(range.end - keys.begin, begin, n);
  std::fill(scores, scores + begin, kMinusInfinity<T>);
  std::fill(scores + end, scores + n, kMinusInfinity<T>);
  const MaskView<T>& mask = problem.mask;
  if (mask.visible == nullptr && mask.bias == nullptr) return;
  for (std::int64_t j = begin; j < end; ++j) {
    const std::int64_t at = mask.offset(b, h, t, keys.begin + j);
    if (mask.visible != nullptr) {
      if (!mask.visible[at]) scores[j] = kMinusInfinity<T>;
    } else {
      const T bias = mask.bias[at];
      scores[j] = bias == kMinusInfinity<T> ? bias : scores[j] + bias;
    }
  }
}

template <typename T>
void score_tile(const AttentionProblem<T>& problem, const Tile& tile, AttentionStage stage,
                T* scores, T* workspace) {
  const std::int64_t rows = tile.t_end - tile.t;
  const std::int64_t columns = tile.s_end - tile.s;
  assert(rows <= kQueryTile && columns <= kKeyTile && stage != AttentionStage::pattern);
  const T scale = problem.scale(), softcap = problem.softcap();
  raw_scores(problem, tile, scores, workspace);
  for (std::int64_t i = 0; i < rows; ++i) {
    T* row = scores + i * kKeyTile;
    if (stage == AttentionStage::raw_scores) continue;
    for (std::int64_t j = 0; j < columns; ++j) row[j] *= scale;
    if (stage == AttentionStage::scaled_scores) continue;
    for (std::int64_t j = 0; softcap != T{0} && j < columns; ++j) {
      row[j] = softcap * std::tanh(row[j] / softcap);
    }
    if (stage == AttentionStage::capped_scores) continue;
    mask_scores(problem, tile.b, tile.h, tile.t + i, {tile.s, tile.s_end}, row);
  }
}

template <typename T>
T softmax_round(T x, SoftmaxRounding rounding) {
  const float as_f32 = static_cast<float>(x);
  switch (rounding) {
    case SoftmaxRounding::f32:
      return static_cast<T>(as_f32);
    case SoftmaxRounding::f16:
      return static_cast<T>(static_cast<float>(f16(as_f32)));
    case SoftmaxRounding::bf16:
      return static_cast<T>(static_cast<float>(bf16(as_f32)));
    case SoftmaxRounding::none:
    case SoftmaxRounding::f64:
      break;
  }
  return x;
}

template <typename T>
double softmax_numerator(T score, T row_max, SoftmaxRounding rounding) {
  if (score == kMinusInfinity<T>) return 0;
  if (rounding == SoftmaxRounding::f64) {
    return std::exp(static_cast<double>(score) - static_cast<double>(row_max));
  }
  const T difference = softmax_round(softmax_round(score, rounding) - row_max, rounding);
  return static_cast<double>(softmax_round(std::exp(difference), rounding));
}

template <typename T>
T softmax_weight(T score, T row_max, T row_sum, SoftmaxRounding rounding) {
  if (score == kMinusInfinity<T>) return T{0};
  const double weight = softmax_numerator(score, row_max, rounding) / static_cast<double>(row_sum);
  return softmax_round(static_cast<T>(weight), rounding);
}

template <typename T>
T softmax_row_max(T row_max, const T* scores, std::int64_t n, SoftmaxRounding rounding) {
  for (std::int64_t j = 0; j < n; ++j) {
    const T score = softmax_round(scores[j], rounding);
    if (score > row_max || std::isnan(score)) row_max = score;  // nothing exceeds a NaN
  }
  return row_max;
}

template <typename T>
double softmax_row_sum(const T* scores, std::int64_t n, T row_max, SoftmaxRounding rounding) {
  double sum = 0;
  for (std::int64_t j = 0; j < n; ++j) sum += softmax_numerator(scores[j], row_max, rounding);
  return sum;
}

template <typename T>
std::int64_t attention_workspace_scalar(const AttentionProblem<T>& problem) {
  // Keys (or values) as columns, and three tiles: score_tile's own, scores and weights.
  return (std::max(problem.D, problem.Dv) + 3 * kQueryTile) * kKeyTile;
}

#define CLEARHEAD_INSTANTIATE(T)                                                                  \
  template void mask_scores(const AttentionProblem<T>&, std::int64_t, std::int64_t, std::int64_t, \
                            KeyRange, T*);                                                        \
  template void score_tile(const AttentionProblem<T>&, const Tile&, AttentionStage, T*, T*);      \
  template T softmax_round(T, SoftmaxRounding);                                                   \
  template double softmax_numerator(T, T, SoftmaxRounding);                                       \
  template T softmax_weight(T, T, T, SoftmaxRounding);                                            \
  template T softmax_row_max(T, const T*, std::int64_t, SoftmaxRounding);                         \
  template double softmax_row_sum(const T*, std::int64_t, T, SoftmaxRounding);                    \
  template std::int64_t attention_workspace_scalar(const AttentionProblem<T>&);
CLEARHEAD_INSTANTIATE(float)
CLEARHEAD_INSTANTIATE(double)
#undef CLEARHEAD_INSTANTIATE

}  // namespace clearhead::kernels
