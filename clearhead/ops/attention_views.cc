// The steps that fused attention does not store, as computed views: any tile of them is calculated
// again from q, k, row_max and row_sum when it is asked for.
#include <cmath>

#include "clearhead/ops/attention_internal.h"
#include "clearhead/ops/explanations.h"

namespace clearhead {
namespace {

using compute::AttentionStage;

// Records a computed view of shape [B, H, T, S].
Var record_view(const PreparedAttention& p, std::string kind, std::string formula,
                std::vector<Var> inputs,
                std::function<Tensor(const Index& begin, const Index& end)> view,
                std::function<Calculation(const Index&)> explain) {
  Operation operation;
  operation.kind = std::move(kind);
  operation.formula = std::move(formula);
  operation.inputs = std::move(inputs);
  operation.view = std::move(view);
  operation.view_shape = {p.call.B, p.call.H, p.call.T, p.call.S};
  operation.view_dtype = p.q.dtype();
  operation.explain = std::move(explain);
  return p.q.tape().record(std::move(operation));
}

Calculation explain_raw_score(const PreparedAttention& p, const Index& index) {
  std::vector<Operand> pairs;
  const std::int64_t g = index[1] / (p.call.H / p.call.G);
  for (std::int64_t d = 0; d < p.call.D; ++d) {
    pairs.push_back(operand(p.q, {index[0], index[1], index[2], d}));
    pairs.push_back(operand(p.k, {index[0], g, index[3], d}));
  }
  return sum_of_products(std::move(pairs));
}

// z[t, e] = Σ_s pattern[t, s]·v[s, e] over the keys that query t sees.
Calculation explain_z(const PreparedAttention& p, const Var& scores, const Var& pattern,
                      const Index& index) {
  const Index begin = {index[0], index[1], index[2], 0};
  const Tensor row = scores.tile(begin, {index[0] + 1, index[1] + 1, index[2] + 1, p.call.S});
  std::vector<Operand> pairs;
  for (std::int64_t s = 0; s < p.call.S; ++s) {
    if (row.at({0, 0, 0, s}) == -INFINITY) continue;
    pairs.push_back(operand(pattern, {index[0], index[1], index[2], s}));
    pairs.push_back(operand(p.v, {index[0], index[1] / (p.call.H / p.call.G), s, index[3]}));
  }
  return sum_of_products(std::move(pairs));
}

// row_max or row_sum: stored, with the scores that they come from.
Var record_row(const char* kind, const char* formula, std::vector<Var> inputs, const Tensor& value,
               std::function<Calculation(const Index&)> explain) {
  Tape& tape = inputs[0].tape();
  Operation operation;
  operation.kind = kind;
  operation.formula = formula;
  operation.inputs = std::move(inputs);
  operation.value = value;
  operation.explain = std::move(explain);
  return tape.record(std::move(operation));
}

}  // namespace

std::function<Calculation(const Index&)> record_step_views(
    const PreparedAttention& p, const compute::AttentionForward& forward) {
  const auto again = [&](AttentionStage stage) {
    return [call = p.call, stage, forward](const Index& begin, const Index& end) {
      return compute::attention_tile(call, stage, forward, begin, end);
    };
  };
  const AttentionRule& rule = p.call.rule;
  const Var raw =
      record_view(p, "matmul", "{0}·{1}ᵀ", {p.q, p.k}, again(AttentionStage::raw_scores),
                  [p](const Index& i) { return explain_raw_score(p, i); })
          .named("hook_raw_scores");
  Var scores = record_view(p, "scale", "{0} · " + format_number(*rule.scale, true), {raw},
                           again(AttentionStage::scaled_scores),
                           [raw, factor = *rule.scale](const Index& i) {
                             return explain_scale(raw, factor, i);
                           })
                   .named("hook_scaled_scores");
  if (rule.softcap != 0) {
    const std::string cap = format_number(rule.softcap);
    scores = record_view(p, "softcap", cap + " · tanh({0}/" + cap + ")", {scores},
                         again(AttentionStage::capped_scores),
                         [scores, cap = rule.softcap](const Index& i) {
                           return explain_softcap(scores, cap, i);
                         })
                 .named("hook_capped_scores");
  }
  if (p.call.has_mask()) {
    const Var bias = attention_bias_view(p).named("hook_mask");
    scores = record_view(p, "mask", "{0} + {1}", {scores, bias}, again(AttentionStage::attn_scores),
                         [scores, bias](const Index& i) { return explain_mask(scores, bias, i); });
  }
  scores.named("hook_attn_scores");
  const Var row_max =
      record_row("row_max", "max({0})", {scores}, forward.row_max, [scores](const Index& i) {
        return explain_row_max(scores, i);
      }).named("hook_row_max");
  const Var row_sum =
      record_row("row_sum", "Σ exp({0} - {1})", {scores, row_max}, forward.row_sum,
                 [scores, row_max](const Index& i) { return explain_row_sum(scores, row_max, i); })
          .named("hook_row_sum");
  const Var pattern = record_view(p, "softmax", "exp({0} - {1}) / {2}", {scores, row_max, row_sum},
                                  again(AttentionStage::pattern),
                                  [scores, row_max, row_sum](const Index& i) {
                                    return explain_softmax(scores, row_max, row_sum, i);
                                  })
                          .named("hook_pattern");
  return [p, scores, pattern](const Index& i) { return explain_z(p, scores, pattern, i); };
}

}  // namespace clearhead
