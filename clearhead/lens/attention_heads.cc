// The attention heads on a tape, and how they differ.
#include "clearhead/lens/attention_heads.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "clearhead/base/attention_rule.h"
#include "clearhead/ops/attention_steps.h"

namespace clearhead {
namespace {

// "blocks.0.attn." → "blocks.attn"
std::string without_numbers(std::string_view scope) {
  std::string name;
  while (!scope.empty()) {
    const std::size_t dot = scope.find('.');
    const std::string_view part = scope.substr(0, dot);
    if (part.find_first_not_of("0123456789") != std::string_view::npos) {
      name += (name.empty() ? "" : ".") + std::string(part);
    }
    scope.remove_prefix(dot + 1);
  }
  return name;
}

// A copy of queries [t, t_end) and keys of a matrix of scores or weights, f64 [queries, keys].
// Additive attention has no axis for heads.
Tensor part(const Var& var, const HeadPlace& place, std::int64_t t, std::int64_t t_end,
            KeyRange keys) {
  Index begin = {place.batch, place.head, t, keys.begin};
  Index end = {place.batch + 1, place.head + 1, t_end, keys.end};
  if (var.rank() == 3) {
    begin.erase(begin.begin() + 1);
    end.erase(end.begin() + 1);
  }
  const Tensor tile = var.tile(begin, end);
  return (tile.dtype() == DType::f64 ? tile.clone() : tile.to(DType::f64))
      .reshape({t_end - t, keys.end - keys.begin});
}

// Of the weights that are no −∞.
struct Mean {
  double sum = 0;
  double count = 0;

  void add(double weight) {
    if (std::isinf(weight)) return;
    sum += weight;
    ++count;
  }
  double value() const { return count == 0 ? 0 : sum / count; }
};

}  // namespace

std::vector<AttentionStack> attention_stacks(const Tape& tape) {
  std::vector<AttentionStack> stacks;
  constexpr std::string_view pattern = steps::kPattern;
  for (const Var& var : tape.vars()) {
    const std::string& name = var.name();
    if (!name.ends_with(pattern)) continue;
    const std::string scope = name.substr(0, name.size() - pattern.size());
    if (!scope.empty() && scope.back() != '.') continue;
    const std::string kind = without_numbers(scope);
    auto stack = std::find_if(stacks.begin(), stacks.end(),
                              [&](const AttentionStack& other) { return other.name == kind; });
    if (stack == stacks.end()) stack = stacks.insert(stacks.end(), {kind, {}});
    stack->scopes.push_back(scope);
  }
  return stacks;
}

AttentionKind kind_of(const AttentionStack& stack) {
  if (stack.name.ends_with("cross_attn")) return AttentionKind::cross;
  return stack.name.starts_with("encoder.") ? AttentionKind::encoder : AttentionKind::decoder;
}

std::int64_t attention_head_count(const Tape& tape, const std::string& scope) {
  const Var pattern = tape[scope + steps::kPattern];
  return pattern.rank() == 3 ? 1 : pattern.size(1);
}

bool is_by_hand(const Tape& tape, const std::string& scope) {
  if (!tape.contains(scope + steps::kZ)) return true;  // additive attention
  Var z = tape[scope + steps::kZ];
  while (z.before().defined()) z = z.before();
  return z.kind() != "fused_attention";
}

Tensor visible_weights(const Tape& tape, const HeadPlace& place, std::int64_t t,
                       std::int64_t t_end) {
  const Var pattern = tape[place.scope + steps::kPattern];
  const std::int64_t S = pattern.size(-1);
  Tensor weights = part(pattern, place, t, t_end, {0, S});
  double* const P = weights.mutable_data<double>();
  // Only a key without weight may be one that is not seen: the scores between the first and the
  // last of these tell.
  const auto has_weight = [](double p) { return p < 0 || p > 0; };
  KeyRange empty{S, 0};
  for (std::int64_t row = 0; row < t_end - t; ++row) {
    const double* const p = P + row * S;
    std::int64_t first = 0, last = S;
    while (first < empty.begin && has_weight(p[first])) ++first;
    while (last > empty.end && has_weight(p[last - 1])) --last;
    empty = {std::min(empty.begin, first), std::max(empty.end, last)};
  }
  if (empty.begin >= empty.end) return weights;
  const Tensor scores = part(tape[place.scope + steps::kAttnScores], place, t, t_end, empty);
  const double* score = scores.data<double>();
  for (std::int64_t row = 0; row < t_end - t; ++row) {
    for (std::int64_t s = empty.begin; s < empty.end; ++s, ++score) {
      double& w = P[row * S + s];
      if (*score == -INFINITY && !has_weight(w)) w = -INFINITY;
    }
  }
  return weights;
}

WeightMatrix visible_weights(const Tape& tape, const HeadPlace& place) {
  const Var pattern = tape[place.scope + steps::kPattern];
  return {pattern.size(-2), pattern.size(-1), [tape, place](std::int64_t t, std::int64_t t_end) {
            return visible_weights(tape, place, t, t_end);
          }};
}

HeadMeasures measure_head(const WeightMatrix& weights, bool same_tokens) {
  const std::int64_t T = weights.queries(), S = weights.keys();
  const std::int64_t first = same_tokens ? S - T : 0;  // with a cache, the place of query 0
  std::vector<Mean> of_key(static_cast<std::size_t>(S));
  std::vector<Mean> of_distance(static_cast<std::size_t>(T + S));  // s − t, from −T on
  weights.for_each_row([&](std::int64_t t, const double* P) {
    for (std::int64_t s = 0; s < S; ++s) {
      of_key[s].add(P[s]);
      of_distance[s - t + T].add(P[s]);
    }
  });
  HeadMeasures mean;
  weights.for_each_row([&](std::int64_t t, const double* P) {
    double preference = 0;
    for (std::int64_t s = 0; s < S; ++s) {
      const double p = P[s];
      if (std::isinf(p)) continue;
      if (p > 0) mean.entropy -= p * std::log(p);
      if (s == 0) mean.first += p;
      if (same_tokens && s == first + t) mean.self += p;
      if (same_tokens && s == first + t - 1) mean.previous += p;
      double usual = of_key[s].value();
      if (same_tokens) usual = std::max(usual, of_distance[s - t + T].value());
      preference = std::max(preference, p - usual);
    }
    mean.selectivity += preference;
  });
  for (double* sum : {&mean.entropy, &mean.first, &mean.self, &mean.previous, &mean.selectivity}) {
    *sum /= static_cast<double>(T);
  }
  return mean;
}

std::vector<MeasuredHead> measure_heads(const Tape& tape, const AttentionStack& stack,
                                        bool same_tokens, std::optional<std::int64_t> only_layer,
                                        std::optional<std::int64_t> only_head) {
  std::vector<MeasuredHead> heads;
  for (std::int64_t layer = 0; layer < std::ssize(stack.scopes); ++layer) {
    if (only_layer && *only_layer != layer) continue;
    const std::string& scope = stack.scopes[static_cast<std::size_t>(layer)];
    for (std::int64_t head = 0; head < attention_head_count(tape, scope); ++head) {
      if (only_head && *only_head != head) continue;
      const HeadPlace place{.scope = scope, .head = head};
      heads.push_back({layer, place, measure_head(visible_weights(tape, place), same_tokens)});
    }
  }
  return heads;
}

MeasuredHead most_selective_head(const Tape& tape, const AttentionStack& stack, bool same_tokens,
                                 std::optional<std::int64_t> layer,
                                 std::optional<std::int64_t> head) {
  MeasuredHead best{.measures = {.selectivity = -1}};
  for (MeasuredHead& other : measure_heads(tape, stack, same_tokens, layer, head)) {
    if (other.measures.selectivity <= best.measures.selectivity) continue;  // a NaN is not hidden
    best = std::move(other);
  }
  return best;
}

}  // namespace clearhead
