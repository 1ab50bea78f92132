// The attention heads on a tape, and how they differ.
#include "clearhead/lens/attention_heads.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

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

// Rows [t, t_end) of a matrix of scores or weights, f64 [t_end − t, S]. Additive attention has no
// axis for heads.
Tensor rows(const Var& var, const HeadPlace& place, std::int64_t t, std::int64_t t_end) {
  Index begin = {place.batch, place.head, t, 0};
  Index end = {place.batch + 1, place.head + 1, t_end, var.size(-1)};
  if (var.rank() == 3) {
    begin.erase(begin.begin() + 1);
    end.erase(end.begin() + 1);
  }
  return var.tile(begin, end).to(DType::f64).reshape({t_end - t, var.size(-1)}).contiguous();
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

Tensor visible_weights(const Tape& tape, const HeadPlace& place, std::int64_t t,
                       std::int64_t t_end) {
  const Tensor weights = rows(tape[place.scope + steps::kPattern], place, t, t_end);
  const double* const P = weights.data<double>();
  const auto has_weight = [](double p) { return p < 0 || p > 0; };
  if (std::all_of(P, P + weights.count(), has_weight)) return weights;  // every key is seen
  const Tensor scores = rows(tape[place.scope + steps::kAttnScores], place, t, t_end);
  Tensor visible = weights.clone();
  double* const w = visible.mutable_data<double>();
  for (std::int64_t i = 0; i < visible.count(); ++i) {
    if (scores.data<double>()[i] == -INFINITY && !has_weight(w[i])) w[i] = -INFINITY;
  }
  return visible;
}

Tensor visible_weights(const Tape& tape, const HeadPlace& place) {
  return visible_weights(tape, place, 0, tape[place.scope + steps::kPattern].size(-2));
}

HeadMeasures measure_head(const Tensor& weights, bool same_tokens) {
  const std::int64_t T = weights.size(0), S = weights.size(1);
  const std::int64_t first = same_tokens ? S - T : 0;  // with a cache, the place of query 0
  const double* const P = weights.data<double>();
  std::vector<Mean> of_key(static_cast<std::size_t>(S));
  std::vector<Mean> of_distance(static_cast<std::size_t>(T + S));  // s − t, from −T on
  for (std::int64_t t = 0; t < T; ++t) {
    for (std::int64_t s = 0; s < S; ++s) {
      of_key[s].add(P[t * S + s]);
      of_distance[s - t + T].add(P[t * S + s]);
    }
  }
  HeadMeasures mean;
  for (std::int64_t t = 0; t < T; ++t) {
    double preference = 0;
    for (std::int64_t s = 0; s < S; ++s) {
      const double p = P[t * S + s];
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
  }
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
