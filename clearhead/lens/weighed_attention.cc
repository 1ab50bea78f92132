// Norms, gradients and rollout of the attention on a tape, and sums of such matrices.
#include "clearhead/lens/weighed_attention.h"

#include <algorithm>
#include <cmath>

#include "clearhead/base/error.h"
#include "clearhead/ops/attention_steps.h"

namespace clearhead {
namespace {

constexpr double kMasked = -INFINITY;

// v [B, G, S, Dv], from which z was calculated: those of a cache included, as hook_v are not.
Tensor values_of(const Tape& tape, const std::string& scope) {
  const std::string name = scope + steps::kZ;
  Var z = tape.contains(name) ? tape[name] : Var();
  while (z.defined() && z.before().defined()) z = z.before();  // what an intervention made of it
  if (z.defined() && z.kind() == "reshape") z = z.input(0);    // groups of heads, joined
  if (!z.defined() || (z.kind() != "weighted_sum" && z.kind() != "fused_attention")) {
    throw Error("norms of attention: " + (scope.empty() ? "this attention" : scope) +
                " has no values of heads; additive attention has none");
  }
  const Tensor v = z.input(2).value();
  if (v.rank() == 4) return v;
  return v.contiguous().reshape({v.size(0), v.size(1), v.size(-2), v.size(-1)});  // [B, G, 1, S, D]
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

// f(t, s, weight) for each pair that is seen takes the place of its weight.
template <typename F>
Tensor map_seen(const Tensor& weights, const F& f) {
  Tensor result = weights.clone();
  double* const x = result.mutable_data<double>();
  const std::int64_t S = weights.size(1);
  for (std::int64_t i = 0; i < result.count(); ++i) {
    if (x[i] != kMasked) x[i] = f(i / S, i % S, x[i]);
  }
  return result;
}

}  // namespace

Tensor norm_weights(const Tape& tape, const HeadPlace& place) {
  const Tensor v = values_of(tape, place.scope);
  const std::string W_name = place.scope + steps::kWO;
  if (!tape.contains(W_name)) throw Error("norms of attention: there is no " + W_name);
  const Tensor W_O = tape[W_name].value();  // [C, H·D]
  const std::int64_t H = tape[place.scope + steps::kPattern].size(1);
  const std::int64_t D = v.size(3), S = v.size(2), g = place.head / (H / v.size(1));
  const Tensor G = gram(W_O.slice(1, place.head * D, (place.head + 1) * D));
  const Tensor v_h =
      v.slice(0, place.batch, place.batch + 1).slice(1, g, g + 1).to(DType::f64).contiguous();
  std::vector<double> lengths;
  for (std::int64_t s = 0; s < S; ++s) {
    lengths.push_back(length(v_h.data<double>() + s * D, G.data<double>(), D));
  }
  return map_seen(visible_weights(tape, place), [&](std::int64_t, std::int64_t s, double weight) {
    return std::abs(weight) * lengths[static_cast<std::size_t>(s)];
  });
}

Tensor gradient_weights(const Tape& tape, const HeadPlace& place) {
  const Var pattern = tape[place.scope + steps::kPattern];
  if (!pattern.needs_grad()) {
    throw Error("gradients of attention: no gradient comes to " + pattern.name() +
                ", because attention was calculated fused; calculate it by hand");
  }
  Tensor gradient = pattern.grad();
  gradient = gradient.slice(0, place.batch, place.batch + 1);
  if (gradient.rank() == 4) gradient = gradient.slice(1, place.head, place.head + 1);
  const Tensor g = gradient.to(DType::f64).contiguous();
  const std::int64_t S = gradient.size(-1);
  return map_seen(visible_weights(tape, place), [&](std::int64_t t, std::int64_t s, double weight) {
    return weight * g.data<double>()[t * S + s];
  });
}

Tensor rollout(const Tape& tape, const AttentionStack& stack, std::int64_t batch) {
  Tensor rolled, seen;
  for (const std::string& scope : stack.scopes) {
    std::vector<Tensor> heads;
    for (std::int64_t h = 0; h < attention_head_count(tape, scope); ++h) {
      heads.push_back(visible_weights(tape, {scope, batch, h}));
    }
    const Tensor mean = mean_weights(heads);
    const std::int64_t T = mean.size(0);
    if (kind_of(stack) == AttentionKind::cross || mean.size(1) != T) {
      throw Error("rollout: expected attention of all tokens to themselves, got " +
                  std::to_string(T) + " queries and " + std::to_string(mean.size(1)) + " keys of " +
                  scope + "; read the whole text in one run");
    }
    if (!rolled.defined()) {
      rolled = Tensor({T, T}, DType::f64);
      for (std::int64_t t = 0; t < T; ++t) rolled.mutable_data<double>()[t * T + t] = 1;
      seen = mean;
    }
    // rolled = (mean + 1)/2 · rolled
    Tensor next = Tensor({T, T}, DType::f64);
    const double* const P = mean.data<double>();
    const double* const before = rolled.data<double>();
    double* const to = next.mutable_data<double>();
    for (std::int64_t t = 0; t < T; ++t) {
      for (std::int64_t k = 0; k < T; ++k) {
        const double own = k == t ? 0.5 : 0;
        const double weight = own + (P[t * T + k] == kMasked ? 0 : P[t * T + k] / 2);
        if (weight == 0) continue;
        for (std::int64_t s = 0; s < T; ++s) to[t * T + s] += weight * before[k * T + s];
      }
    }
    rolled = next;
  }
  const double* const numbers = rolled.data<double>();
  const std::int64_t T = rolled.size(0);
  return map_seen(seen, [&](std::int64_t t, std::int64_t s, double) { return numbers[t * T + s]; });
}

Tensor mean_weights(std::span<const Tensor> weights) {
  if (weights.empty()) throw Error("mean of attention weights: there are none");
  Tensor mean = Tensor(weights[0].shape(), DType::f64);
  std::vector<double> counts(static_cast<std::size_t>(mean.count()), 0.0);
  double* const sum = mean.mutable_data<double>();
  for (const Tensor& one : weights) {
    for (std::int64_t i = 0; i < mean.count(); ++i) {
      const double weight = one.data<double>()[i];
      if (weight == kMasked) continue;
      sum[i] += weight;
      ++counts[static_cast<std::size_t>(i)];
    }
  }
  for (std::int64_t i = 0; i < mean.count(); ++i) {
    sum[i] = counts[static_cast<std::size_t>(i)] == 0
                 ? kMasked
                 : sum[i] / static_cast<double>(weights.size());
  }
  return mean;
}

double sum_of_weights(const Tensor& weights, std::span<const std::int64_t> queries,
                      std::span<const std::int64_t> keys) {
  double sum = 0;
  for (const std::int64_t t : queries) {
    for (const std::int64_t s : keys) {
      const double weight = weights.at({t, s});
      if (weight != kMasked) sum += weight;
    }
  }
  return sum;
}

std::vector<std::int64_t> sinks(const Tensor& weights, double share, std::int64_t least) {
  std::vector<std::int64_t> keys;
  const std::int64_t T = weights.size(0), S = weights.size(1);
  const double* const P = weights.data<double>();
  for (std::int64_t s = 0; s < S; ++s) {
    double sum = 0;
    std::int64_t queries = 0;
    for (std::int64_t t = 0; t < T; ++t) {
      if (P[t * S + s] == kMasked || t == s) continue;  // what a token keeps for itself is no sink
      sum += P[t * S + s];
      ++queries;
    }
    if (queries >= least && sum >= share * static_cast<double>(queries)) keys.push_back(s);
  }
  return keys;
}

Tensor without_keys(const Tensor& weights, std::span<const std::int64_t> keys) {
  Tensor rest = weights.clone();
  const std::int64_t S = weights.size(1);
  for (const std::int64_t s : keys) {
    for (std::int64_t t = 0; t < weights.size(0); ++t) {
      rest.mutable_data<double>()[t * S + s] = kMasked;
    }
  }
  return rest;
}

}  // namespace clearhead
