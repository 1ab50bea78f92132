// Forward attention of one tile of queries: over all key tiles that they see, with the softmax
// carried online.
#include <algorithm>
#include <cmath>
#include <limits>

#include "clearhead/kernels/attention/scalar.h"

namespace clearhead::kernels {
namespace {

template <typename T>
constexpr T kMinusInfinity = -std::numeric_limits<T>::infinity();

// acc[e] += Σ_j weight(score_j) · v_j[e] over the keys of a tile that are seen; a key behind a mask
// is skipped, so that its value, NaN perhaps, does not come in as 0·NaN.
template <typename T>
void add_values(const AttentionProblem<T>& problem, const Tile& tile, const T* scores,
                const T* weights, T* acc) {
  const std::int64_t g = problem.kv_head(tile.h);
  for (std::int64_t j = 0; j < tile.s_end - tile.s; ++j) {
    if (scores[j] == kMinusInfinity<T>) continue;
    const T weight = weights[j];
    const T* value = problem.v.row(tile.b, g, tile.s + j);
    for (std::int64_t e = 0; e < problem.Dv; ++e) acc[e] += weight * value[e];
  }
}

// One row of a key tile enters the online softmax: updates row_max, row_sum and acc.
template <typename T>
void online_row(const AttentionProblem<T>& problem, const Tile& tile, const T* scores, T* weights,
                T* acc, T* row_max, T* row_sum) {
  const std::int64_t n = tile.s_end - tile.s;
  T largest = *row_max;
  for (std::int64_t j = 0; j < n; ++j) {
    if (scores[j] > largest || std::isnan(scores[j])) largest = scores[j];
  }
  if (largest == kMinusInfinity<T>) return;  // nothing seen so far
  // exp(−inf − M) is 0: the first tile that is seen starts from nothing.
  const T correction = std::exp(*row_max - largest);
  T sum = 0;
  for (std::int64_t j = 0; j < n; ++j) {
    weights[j] = scores[j] == kMinusInfinity<T> ? T{0} : std::exp(scores[j] - largest);
    sum += weights[j];
  }
  *row_sum = *row_sum * correction + sum;
  *row_max = largest;
  if (correction != T{1}) {
    for (std::int64_t e = 0; e < problem.Dv; ++e) acc[e] *= correction;
  }
  add_values(problem, tile, scores, weights, acc);
}

// Calls `f(tile)` for every tile of `keys` that the queries [t, t_end) see a part of.
template <typename T, typename F>
void for_each_key_tile(const AttentionProblem<T>& problem, std::int64_t b, std::int64_t h,
                       std::int64_t t, std::int64_t t_end, KeyRange keys, F&& f) {
  // Both ends of what a query sees move to the right with it.
  const std::int64_t begin = std::max(keys.begin, visible_keys(problem, b, t).begin);
  const std::int64_t end = std::min(keys.end, visible_keys(problem, b, t_end - 1).end);
  for (std::int64_t s = begin; s < end; s += kKeyTile) {
    f(Tile{b, h, t, t_end, s, std::min(s + kKeyTile, end)});
  }
}

// A softmax whose steps are rounded cannot be carried online, since rounding does not commute with
// rescaling: one pass finds the maxima, one the sums, one the result.
template <typename T>
void rounded_queries(const AttentionProblem<T>& problem, std::int64_t b, std::int64_t h,
                     std::int64_t t, std::int64_t t_end, KeyRange keys, T* acc, T* row_max,
                     T* row_sum, T* scores, T* weights, T* kt) {
  const std::int64_t rows = t_end - t;
  double sums[kQueryTile] = {};
  for (const int pass : {0, 1, 2}) {
    for_each_key_tile(problem, b, h, t, t_end, keys, [&](const Tile& tile) {
      score_tile(problem, tile, AttentionStage::attn_scores, scores, kt);
      const std::int64_t n = tile.s_end - tile.s;
      for (std::int64_t i = 0; i < rows; ++i) {
        const T* row = scores + i * kKeyTile;
        if (pass == 0) {
          row_max[i] = softmax_row_max(row_max[i], row, n, problem.rounding);
        } else if (pass == 1) {
          sums[i] += softmax_row_sum(row, n, row_max[i], problem.rounding);
        } else {
          for (std::int64_t j = 0; j < n; ++j) {
            weights[j] = softmax_weight(row[j], row_max[i], row_sum[i], problem.rounding);
          }
          add_values(problem, tile, row, weights, acc + i * problem.Dv);
        }
      }
    });
    if (pass != 1) continue;
    for (std::int64_t i = 0; i < rows; ++i) {
      row_sum[i] = softmax_round(static_cast<T>(sums[i]), problem.rounding);
    }
  }
}

}  // namespace

template <typename T>
void attention_forward_scalar(const AttentionProblem<T>& problem, std::int64_t b, std::int64_t h,
                              std::int64_t t, std::int64_t t_end, KeyRange keys, T* z, T* row_max,
                              T* row_sum, T* workspace) {
  const std::int64_t rows = t_end - t;
  std::fill(row_max, row_max + rows, kMinusInfinity<T>);
  std::fill(row_sum, row_sum + rows, T{0});

  T* kt = workspace;
  T* scores = kt + (std::max(problem.D, problem.Dv) + kQueryTile) * kKeyTile;
  T* weights = scores + kQueryTile * kKeyTile;
  T* acc = z;  // the sums grow in the result itself
  std::fill(acc, acc + rows * problem.Dv, T{0});

  if (problem.rounding != SoftmaxRounding::none) {
    rounded_queries(problem, b, h, t, t_end, keys, acc, row_max, row_sum, scores, weights, kt);
    return;
  }
  for_each_key_tile(problem, b, h, t, t_end, keys, [&](const Tile& tile) {
    score_tile(problem, tile, AttentionStage::attn_scores, scores, kt);
    for (std::int64_t i = 0; i < rows; ++i) {
      online_row(problem, tile, scores + i * kKeyTile, weights, acc + i * problem.Dv, row_max + i,
                 row_sum + i);
    }
  });
  for (std::int64_t i = 0; i < rows; ++i) {
    if (row_max[i] == kMinusInfinity<T>) continue;  // sees no key: stays 0
    for (std::int64_t e = 0; e < problem.Dv; ++e) acc[i * problem.Dv + e] /= row_sum[i];
  }
}

template void attention_forward_scalar(const AttentionProblem<float>&, std::int64_t, std::int64_t,
                                       std::int64_t, std::int64_t, KeyRange, float*, float*, float*,
                                       float*);
template void attention_forward_scalar(const AttentionProblem<double>&, std::int64_t, std::int64_t,
                                       std::int64_t, std::int64_t, KeyRange, double*, double*,
                                       double*, double*);

}  // namespace clearhead::kernels
