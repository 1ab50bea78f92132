// What is calculated again from q and k when it is asked for: windows of the pattern, the strongest
// keys of a row, the mass that keys receive.
#include <algorithm>
#include <cmath>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/lens/head_call_internal.h"

namespace clearhead {

Tensor attention_window(const Tensor& q, const Tensor& k, const AttentionWindow& w,
                        const AttentionMapOptions& options) {
  const compute::Attention head = head_of(q, k, {}, options);
  const std::int64_t T = head.T, S = head.S;
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
  const compute::Attention some = queries_of(head, w.t, w.t_end);
  const compute::AttentionRows softmax = compute::attention_rows(some, options.progress);
  const Index begin = {0, 0, 0, w.s}, end = {1, 1, rows, w.s_end};
  Tensor pattern = compute::attention_tile(some, AttentionStage::pattern,
                                           {Tensor(), softmax.row_max, softmax.row_sum}, begin, end)
                       .reshape({rows, columns});
  float* const weights = pattern.mutable_data<float>();
  for (std::int64_t i = 0; i < rows; ++i) {
    const KeyRange seen = some.visible_keys(0, i);
    std::fill(weights + i * columns,
              weights + i * columns + std::clamp(seen.begin - w.s, std::int64_t{0}, columns),
              kMinusInfinity);
    std::fill(weights + i * columns + std::clamp(seen.end - w.s, std::int64_t{0}, columns),
              weights + (i + 1) * columns, kMinusInfinity);
  }
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
  const compute::Attention head = head_of(q, k, {}, exact);
  const std::int64_t T = head.T, S = head.S;
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
  Tensor bias = Tensor::empty({T}, DType::f32);
  for (std::int64_t i = 0; i < T; ++i) {
    const float sum = map.row_sum.data<float>()[i];
    bias.mutable_data<float>()[i] =
        sum == 0 ? kMinusInfinity : -(map.row_max.data<float>()[i] + std::log(sum));
  }
  const compute::AttentionRows keys =
      compute::attention_rows(exchanged(head, bias), options.progress);
  Tensor mass = Tensor::empty({S}, DType::f64);
  double* const to = mass.mutable_data<double>();
  for (std::int64_t j = 0; j < S; ++j) {
    const auto sum = static_cast<double>(keys.row_sum.data<float>()[j]);
    to[j] = sum == 0 ? 0 : std::exp(static_cast<double>(keys.row_max.data<float>()[j])) * sum;
  }
  return mass;
}

}  // namespace clearhead
