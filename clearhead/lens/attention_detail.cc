// What is calculated again from q and k when it is asked for: windows of the pattern, the strongest
// keys of a row, the mass that keys receive.
#include <algorithm>
#include <cmath>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"
#include "clearhead/base/workspace.h"
#include "clearhead/lens/attention_head.h"

namespace clearhead {
namespace {

using kernels::AttentionProblem;
using kernels::kQueryTile;

constexpr std::int64_t kMostWindowPairs = std::int64_t{1} << 28;  // 1 GiB

}  // namespace

Tensor attention_window(const Tensor& q, const Tensor& k, const AttentionWindow& w,
                        const AttentionMapOptions& options) {
  AttentionHead head(q, k, {}, options);
  const std::int64_t T = head.problem().queries;
  const std::int64_t S = head.problem().keys;
  const auto text = [](std::int64_t a, std::int64_t b) {
    return std::to_string(a) + ":" + std::to_string(b);
  };
  if (w.t < 0 || w.t >= w.t_end || w.t_end > T || w.s < 0 || w.s >= w.s_end || w.s_end > S) {
    throw Error("attention window: expected some of queries " + text(0, T) + " and keys " +
                text(0, S) + ", got queries " + text(w.t, w.t_end) + " and keys " +
                text(w.s, w.s_end));
  }
  const std::int64_t rows = w.t_end - w.t;
  const std::int64_t columns = w.s_end - w.s;
  if (rows > kMostWindowPairs / columns) {
    throw Error("attention window: " + std::to_string(rows) + " × " + std::to_string(columns) +
                " pairs are more than " + std::to_string(kMostWindowPairs) +
                "; take a smaller window, or a map");
  }
  head.keep_queries(w.t, w.t_end);
  const AttentionProblem<float>& problem = head.problem();
  const Workspace<float> stats(3 * rows);
  const float* const row_max = stats.get();
  const float* const row_sum = row_max + rows;
  pool_all(problem, S, {nullptr, stats.get(), stats.get() + rows, stats.get() + 2 * rows},
           options.progress, {});

  Tensor pattern = Tensor::empty({rows, columns}, DType::f32);
  float* const weights = pattern.mutable_data<float>();
  parallel_for(divide_up(rows, kQueryTile), [&](std::int64_t tile_row) {
    constexpr std::int64_t kKeyTile = kernels::kKeyTile;
    const Workspace<float> scores(kQueryTile * kKeyTile);
    const Workspace<float> memory(kernels::attention_workspace(problem));
    const std::int64_t t = tile_row * kQueryTile;
    const std::int64_t t_end = std::min(t + kQueryTile, rows);
    for (std::int64_t s = w.s; s < w.s_end; s += kKeyTile) {
      const kernels::Tile tile{0, 0, t, t_end, s, std::min(s + kKeyTile, w.s_end)};
      kernels::score_tile(problem, tile, kernels::ScoreStage::masked, scores.get(), memory.get());
      for (std::int64_t i = t; i < t_end; ++i) {
        for (std::int64_t j = 0; j < tile.s_end - s; ++j) {
          const float score = scores.get()[(i - t) * kKeyTile + j];
          weights[i * columns + s - w.s + j] =
              score == kMinusInfinity ? score : std::exp(score - row_max[i]) / row_sum[i];
        }
      }
    }
  });
  return pattern;
}

std::vector<KeyWeight> strongest_keys(const Tensor& q, const Tensor& k, std::int64_t t,
                                      std::int64_t count, const AttentionMapOptions& options) {
  AttentionWindow row{t, t + 1, 0, k.defined() && k.rank() == 2 ? k.size(0) : 0};
  const Tensor weights = attention_window(q, k, row, options);
  const float* const weight = weights.data<float>();
  std::vector<KeyWeight> found;
  const auto before = [](const KeyWeight& a, const KeyWeight& b) {
    const bool a_is_nan = std::isnan(a.weight);
    const bool b_is_nan = std::isnan(b.weight);
    if (a_is_nan != b_is_nan) return a_is_nan;
    return a.weight != b.weight && !a_is_nan ? a.weight > b.weight : a.key < b.key;
  };
  for (std::int64_t s = 0; s < weights.size(1); ++s) {
    if (weight[s] != kMinusInfinity) found.push_back({s, static_cast<double>(weight[s])});
  }
  const std::int64_t n = std::clamp<std::int64_t>(count, 0, std::ssize(found));
  std::partial_sort(found.begin(), found.begin() + n, found.end(), before);
  found.resize(static_cast<std::size_t>(n));
  return found;
}

Tensor mass_received(const Tensor& q, const Tensor& k, const AttentionMap& map,
                     const AttentionMapOptions& options) {
  AttentionMapOptions exact = options;
  exact.precision = Precision::highest;
  AttentionHead head(q, k, {}, exact);
  const std::int64_t T = head.problem().queries;
  const std::int64_t S = head.problem().keys;
  if (map.precision != Precision::highest) {
    throw Error(
        "mass received: the map's row sums belong to scores of a lower precision; make it with "
        "the highest");
  }
  if (map.row_max.count() != T) {
    throw Error("mass received: the map is one of " + std::to_string(map.row_max.count()) +
                " queries, and q has " + std::to_string(T));
  }
  // With queries and keys exchanged, the mass of key j is the softmax sum of its row of scores
  // score_ij − lse_i: Σ_i exp(score_ij − lse_i) = exp(row_max_j)·row_sum_j.
  const Workspace<float> bias(T);
  for (std::int64_t i = 0; i < T; ++i) {
    const float sum = map.row_sum.data<float>()[i];
    bias.get()[i] = sum == 0 ? kMinusInfinity : -(map.row_max.data<float>()[i] + std::log(sum));
  }
  head.exchange(bias.get());
  const Workspace<float> stats(3 * S);
  pool_all(head.problem(), std::max<std::int64_t>(T, 1),  // one cell
           {nullptr, stats.get(), stats.get() + S, stats.get() + 2 * S}, options.progress, {});
  Tensor mass = Tensor::empty({S}, DType::f64);
  double* const to = mass.mutable_data<double>();
  for (std::int64_t j = 0; j < S; ++j) {
    const double sum = static_cast<double>(stats.get()[S + j]);
    to[j] = sum == 0 ? 0 : std::exp(static_cast<double>(stats.get()[j])) * sum;
  }
  return mass;
}

}  // namespace clearhead
