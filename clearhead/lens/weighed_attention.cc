// Norms, gradients and rollout of the attention on a tape, and sums of such matrices.
#include "clearhead/lens/weighed_attention.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "clearhead/base/ceil_div.h"
#include "clearhead/base/error.h"
#include "clearhead/base/matrix_view.h"
#include "clearhead/compute/products.h"
#include "clearhead/ops/attention_steps.h"

namespace clearhead {
namespace {

constexpr double kMasked = -INFINITY;
constexpr std::size_t kMostRows = 256;  // that are asked for at once

// The result of attention as it was calculated, before interventions: [B, H, T, Dv].
Var results_of(const Tape& tape, const std::string& scope) {
  const std::string name = scope + steps::kZ;
  Var z = tape.contains(name) ? tape[name] : Var();
  while (z.defined() && z.before().defined()) z = z.before();
  return z;
}

// v [B, G, S, Dv], from which z was calculated: those of a cache included, as hook_v are not.
Tensor values_of(const Tape& tape, const std::string& scope) {
  Var z = results_of(tape, scope);
  if (z.defined() && z.kind() == "reshape") z = z.input(0);  // groups of heads, joined
  if (!z.defined() || (z.kind() != "weighted_sum" && z.kind() != "fused_attention")) {
    throw Error("weights by what they carry: " + (scope.empty() ? "this attention" : scope) +
                " has no values of heads; additive attention has none");
  }
  const Tensor v = z.input(2).value();
  if (v.rank() == 4) return v;
  return v.contiguous().reshape({v.size(0), v.size(1), v.size(-2), v.size(-1)});  // [B, G, 1, S, D]
}

// v [S, Dv] of a head, f64; heads of a group share it.
Tensor values_of(const Tape& tape, const HeadPlace& place) {
  const Tensor v = values_of(tape, place.scope);
  const std::int64_t H = tape[place.scope + steps::kPattern].size(1);
  const std::int64_t g = place.head / (H / v.size(1));
  return v.slice(0, place.batch, place.batch + 1)
      .slice(1, g, g + 1)
      .to(DType::f64)
      .contiguous()
      .reshape({v.size(2), v.size(3)});
}

// WᵀW of W [C, D], so that ‖v·Wᵀ‖² = v·(WᵀW)·vᵀ costs D² a key.
Tensor gram(const Tensor& W) {
  const std::int64_t C = W.size(0), D = W.size(1);
  const Tensor dense = W.to(DType::f64).contiguous();
  Tensor product({D, D}, DType::f64);
  const double* const w = dense.data<double>();
  double* const g = product.mutable_data<double>();
  for (std::int64_t c = 0; c < C; ++c) {
    for (std::int64_t i = 0; i < D; ++i) {
      for (std::int64_t j = 0; j < D; ++j) g[i * D + j] += w[c * D + i] * w[c * D + j];
    }
  }
  return product;
}

// √(v·G·vᵀ)
double length(const double* v, const double* G, std::int64_t D) {
  double sum = 0;
  for (std::int64_t i = 0; i < D; ++i) {
    for (std::int64_t j = 0; j < D; ++j) sum += v[i] * G[i * D + j] * v[j];
  }
  return std::sqrt(std::max(sum, 0.0));
}

// f(t, s, weight) for each pair that is seen takes the place of its weight in `rows`, queries from
// t on.
template <typename F>
Tensor map_seen(const Tensor& rows, std::int64_t t, const F& f) {
  Tensor result = rows.clone();
  double* const x = result.mutable_data<double>();
  const std::int64_t S = rows.size(1);
  for (std::int64_t i = 0; i < result.count(); ++i) {
    if (x[i] != kMasked) x[i] = f(t + i / S, i % S, x[i]);
  }
  return result;
}

MatrixView<const double> view(const Tensor& matrix) {
  return {matrix.data<double>(), matrix.size(0), matrix.size(1)};
}

// The mean over the heads of a layer.
WeightMatrix mean_of_heads(const Tape& tape, const std::string& scope, std::int64_t batch) {
  std::vector<WeightMatrix> heads;
  for (std::int64_t h = 0; h < attention_head_count(tape, scope); ++h) {
    heads.push_back(visible_weights(tape, {scope, batch, h}));
  }
  return mean_weights(std::move(heads));
}

void check_rollout(const Tape& tape, const AttentionStack& stack) {
  for (const std::string& scope : stack.scopes) {
    const Var pattern = tape[scope + steps::kPattern];
    if (kind_of(stack) != AttentionKind::cross && pattern.size(-2) == pattern.size(-1)) continue;
    throw Error("rollout: expected attention of all tokens to themselves, got " +
                std::to_string(pattern.size(-2)) + " queries and " +
                std::to_string(pattern.size(-1)) + " keys of " + scope +
                "; read the whole text in one run");
  }
}

// x·(P + 1)/2, for x [n, T]
Tensor mixed_by(const Tensor& x, const WeightMatrix& P) {
  Tensor result = x.clone();
  const MatrixView<double> to{result.mutable_data<double>(), x.size(0), x.size(1)};
  P.for_each_block([&](std::int64_t t, const Tensor& rows) {
    Tensor weights = rows.clone();
    double* const w = weights.mutable_data<double>();
    std::int64_t seen = 0;  // no query of these sees keys from here on
    for (std::int64_t i = 0; i < weights.count(); ++i) {
      if (w[i] == kMasked) {
        w[i] = 0;
      } else {
        seen = std::max(seen, i % x.size(1) + 1);
      }
    }
    compute::matrix_product(view(x).part(0, t, x.size(0), rows.size(0)),
                            view(weights).part(0, 0, rows.size(0), seen),
                            to.part(0, 0, x.size(0), seen), /*accumulate=*/true);
  });
  for (std::int64_t i = 0; i < result.count(); ++i) to.data[i] /= 2;
  return result;
}

}  // namespace

WeightMatrix norm_weights(const Tape& tape, const HeadPlace& place) {
  const Tensor v = values_of(tape, place);
  const std::string W_name = place.scope + steps::kWO;
  if (!tape.contains(W_name)) throw Error("norms of attention: there is no " + W_name);
  const Tensor W_O = tape[W_name].value();  // [C, H·D]
  const std::int64_t S = v.size(0), D = v.size(1);
  const Tensor G = gram(W_O.slice(1, place.head * D, (place.head + 1) * D));
  std::vector<double> lengths;
  for (std::int64_t s = 0; s < S; ++s) {
    lengths.push_back(length(v.data<double>() + s * D, G.data<double>(), D));
  }
  const WeightMatrix P = visible_weights(tape, place);
  return {P.queries(), P.keys(), [P, lengths](std::int64_t t, std::int64_t t_end) {
            return map_seen(P.rows(t, t_end), t, [&](std::int64_t, std::int64_t s, double weight) {
              return std::abs(weight) * lengths[static_cast<std::size_t>(s)];
            });
          }};
}

WeightMatrix gradient_weights(const Tape& tape, const HeadPlace& place) {
  const Var pattern = tape[place.scope + steps::kPattern];
  const WeightMatrix P = visible_weights(tape, place);
  WeightMatrix::Rows gradient;
  if (pattern.needs_grad()) {
    Tensor g = pattern.grad().slice(0, place.batch, place.batch + 1);
    if (g.rank() == 4) g = g.slice(1, place.head, place.head + 1);
    gradient = [g](std::int64_t t, std::int64_t t_end) {
      return g.slice(-2, t, t_end).to(DType::f64).contiguous().reshape({t_end - t, g.size(-1)});
    };
  } else {  // z = P·v, so ∂L/∂P_ts = ∂L/∂z_t · v_s
    const Tensor v = values_of(tape, place);
    const Tensor d_z = results_of(tape, place.scope)
                           .grad()
                           .slice(0, place.batch, place.batch + 1)
                           .slice(1, place.head, place.head + 1);
    gradient = [v, d_z](std::int64_t t, std::int64_t t_end) {
      const Tensor d =
          d_z.slice(2, t, t_end).to(DType::f64).contiguous().reshape({t_end - t, v.size(1)});
      Tensor g({t_end - t, v.size(0)}, DType::f64);
      compute::matrix_product(view(d), view(v).transposed(),
                              MatrixView<double>{g.mutable_data<double>(), g.size(0), g.size(1)},
                              false);
      return g;
    };
  }
  return {P.queries(), P.keys(), [P, gradient](std::int64_t t, std::int64_t t_end) {
            const Tensor g = gradient(t, t_end);
            return map_seen(P.rows(t, t_end), t,
                            [&](std::int64_t query, std::int64_t s, double weight) {
                              return weight * g.data<double>()[(query - t) * g.size(1) + s];
                            });
          }};
}

Tensor sums_of_rollout(const Tape& tape, const AttentionStack& stack, const Tensor& parts,
                       std::int64_t batch) {
  check_rollout(tape, stack);
  const std::int64_t T = tape[stack.scopes.at(0) + steps::kPattern].size(-1);
  if (parts.rank() != 2 || parts.size(1) != T) {
    throw Error("sums of rollout: expected [sums, " + std::to_string(T) + "], got " +
                to_string(parts.shape()));
  }
  Tensor x = parts.to(DType::f64).contiguous();
  for (auto scope = stack.scopes.rbegin(); scope != stack.scopes.rend(); ++scope) {
    x = mixed_by(x, mean_of_heads(tape, *scope, batch));
  }
  return x;
}

WeightMatrix rollout(const Tape& tape, const AttentionStack& stack, std::int64_t batch) {
  check_rollout(tape, stack);
  const WeightMatrix first = mean_of_heads(tape, stack.scopes.at(0), batch);
  const std::int64_t T = first.keys();
  return {T, T, [tape, stack, batch, first, T](std::int64_t t, std::int64_t t_end) {
            Tensor queries({t_end - t, T}, DType::f64);
            for (std::int64_t i = 0; i < t_end - t; ++i) {
              queries.mutable_data<double>()[i * T + t + i] = 1;
            }
            const Tensor rolled = sums_of_rollout(tape, stack, queries, batch);
            return map_seen(first.rows(t, t_end), t,
                            [&](std::int64_t query, std::int64_t s, double) {
                              return rolled.data<double>()[(query - t) * T + s];
                            });
          }};
}

WeightMatrix mean_rollout(const Tape& tape, const AttentionStack& stack, std::int64_t step,
                          std::int64_t batch) {
  check_rollout(tape, stack);
  const WeightMatrix first = mean_of_heads(tape, stack.scopes.at(0), batch);
  const std::int64_t T = first.keys(), rows = ceil_div(T, step);
  Tensor parts({rows, T}, DType::f64), counts({rows, T}, DType::f64);  // of queries that see a key
  for (std::int64_t t = 0; t < T; ++t) parts.mutable_data<double>()[t / step * T + t] = 1;
  first.for_each_row([&](std::int64_t t, const double* row) {
    double* const count = counts.mutable_data<double>() + t / step * T;
    for (std::int64_t s = 0; s < T; ++s) count[s] += row[s] == kMasked ? 0 : 1;
  });
  Tensor means = sums_of_rollout(tape, stack, parts, batch);
  for (std::int64_t i = 0; i < means.count(); ++i) {
    double& mean = means.mutable_data<double>()[i];
    const double count = counts.data<double>()[i];
    mean = count == 0 ? kMasked : mean / count;
  }
  return means;
}

WeightMatrix mean_weights(std::vector<WeightMatrix> weights) {
  if (weights.empty()) throw Error("mean of attention weights: there are none");
  const std::int64_t T = weights[0].queries(), S = weights[0].keys();
  return {T, S, [weights = std::move(weights), S](std::int64_t t, std::int64_t t_end) {
            Tensor mean({t_end - t, S}, DType::f64);
            std::vector<bool> is_seen(static_cast<std::size_t>(mean.count()), false);
            double* const sum = mean.mutable_data<double>();
            for (const WeightMatrix& one : weights) {
              const Tensor rows = one.rows(t, t_end);
              for (std::int64_t i = 0; i < mean.count(); ++i) {
                const double weight = rows.data<double>()[i];
                if (weight == kMasked) continue;
                sum[i] += weight;
                is_seen[static_cast<std::size_t>(i)] = true;
              }
            }
            for (std::int64_t i = 0; i < mean.count(); ++i) {
              sum[i] = is_seen[static_cast<std::size_t>(i)]
                           ? sum[i] / static_cast<double>(weights.size())
                           : kMasked;
            }
            return mean;
          }};
}

double sum_of_weights(const WeightMatrix& weights, std::span<const std::int64_t> queries,
                      std::span<const std::int64_t> keys) {
  for (const std::int64_t s : keys) {
    if (0 <= s && s < weights.keys()) continue;
    throw Error("sum of weights: there is no key " + std::to_string(s) + " in " +
                to_string(weights.shape()));
  }
  double sum = 0;
  for (std::size_t i = 0; i < queries.size();) {
    std::size_t end = i + 1;  // of a run of neighbours, whose rows come together
    while (end < queries.size() && queries[end] == queries[end - 1] + 1 && end - i < kMostRows)
      ++end;
    const Tensor rows = weights.rows(queries[i], queries[end - 1] + 1);
    for (std::int64_t row = 0; row < rows.size(0); ++row) {
      for (const std::int64_t s : keys) {
        const double weight = rows.data<double>()[row * rows.size(1) + s];
        if (weight != kMasked) sum += weight;
      }
    }
    i = end;
  }
  return sum;
}

std::vector<std::int64_t> sinks(const WeightMatrix& weights, double share, std::int64_t least) {
  const auto S = static_cast<std::size_t>(weights.keys());
  std::vector<double> sums(S, 0);
  std::vector<std::int64_t> queries(S, 0);
  weights.for_each_row([&](std::int64_t t, const double* row) {
    for (std::size_t s = 0; s < S; ++s) {
      // What a token keeps for itself is no sink.
      if (row[s] == kMasked || t == static_cast<std::int64_t>(s)) continue;
      sums[s] += row[s];
      ++queries[s];
    }
  });
  std::vector<std::int64_t> keys;
  for (std::size_t s = 0; s < S; ++s) {
    if (queries[s] >= least && sums[s] >= share * static_cast<double>(queries[s])) {
      keys.push_back(static_cast<std::int64_t>(s));
    }
  }
  return keys;
}

WeightMatrix without_keys(const WeightMatrix& weights, std::span<const std::int64_t> keys) {
  return {weights.queries(), weights.keys(),
          [weights, hidden = std::vector<std::int64_t>(keys.begin(), keys.end())](
              std::int64_t t, std::int64_t t_end) {
            Tensor rest = weights.rows(t, t_end).clone();
            double* const x = rest.mutable_data<double>();
            for (std::int64_t row = 0; row < rest.size(0); ++row) {
              for (const std::int64_t s : hidden) x[row * rest.size(1) + s] = kMasked;
            }
            return rest;
          }};
}

}  // namespace clearhead
