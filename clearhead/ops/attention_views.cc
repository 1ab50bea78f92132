// The steps that fused attention does not store, as computed views: any tile of them is calculated
// again from q, k, row_max and row_sum when it is asked for.
#include <cmath>

#include "clearhead/ops/attention_internal.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/ops/explanations_internal.h"

namespace clearhead {
namespace {

using compute::AttentionStage;

// q·k of one query and one key
Calculation explain_raw_score(const Var& raw, const Index& index) {
  const Var q = raw.input(0), k = raw.input(1);
  const std::int64_t g = index[1] / (q.size(1) / k.size(1));
  std::vector<Operand> pairs;
  for (std::int64_t d = 0; d < q.size(3); ++d) {
    pairs.push_back(operand(q, {index[0], index[1], index[2], d}));
    pairs.push_back(operand(k, {index[0], g, index[3], d}));
  }
  return sum_of_products(std::move(pairs));
}

}  // namespace

Calculation explain_z(const Var& v, const Var& scores, const Var& pattern, const Index& index) {
  const std::int64_t g = index[1] / (pattern.size(1) / v.size(1)), S = v.size(2);
  const Tensor row =
      scores.tile({index[0], index[1], index[2], 0}, {index[0] + 1, index[1] + 1, index[2] + 1, S});
  std::vector<Operand> pairs;
  for (std::int64_t s = 0; s < S; ++s) {
    if (row.at({0, 0, 0, s}) == -INFINITY) continue;
    pairs.push_back(operand(pattern, {index[0], index[1], index[2], s}));
    pairs.push_back(operand(v, {index[0], g, s, index[3]}));
  }
  return sum_of_products(std::move(pairs));
}

StepViews record_step_views(const PreparedAttention& p, const compute::AttentionForward& forward) {
  Tape tape = p.q.tape();
  const auto view = [&](const char* kind, const OperandList& operands, AttentionStage stage,
                        const auto& describe) {
    return tape.record(kind, operands, [&](Record& op) {
      op.view = [call = p.call, stage, forward](const Var&, const Index& begin, const Index& end) {
        return compute::attention_tile(call, stage, forward, begin, end);
      };
      op.view_shape = p.scores_shape();
      op.view_dtype = p.q.dtype();
      describe(op);
    });
  };
  const AttentionRule& rule = p.call.rule;
  const Var raw = view("matmul", {p.q, p.k}, AttentionStage::raw_scores, [](Record& op) {
                    op.formula = "{0}·{1}ᵀ";
                    op.explain = explain_raw_score;
                  }).named(steps::kRawScores);
  Var scores = view("scale", {raw}, AttentionStage::scaled_scores, [&](Record& op) {
                 describe_scale(op, *rule.scale);
               }).named(steps::kScaledScores);
  if (rule.softcap != 0) {
    scores = view("softcap", {scores}, AttentionStage::capped_scores, [&](Record& op) {
               describe_softcap(op, rule.softcap);
             }).named(steps::kCappedScores);
  }
  if (p.call.has_mask()) {
    const Var bias = attention_bias_view(p).named(steps::kMask);
    scores = view("mask", {scores, bias}, AttentionStage::attn_scores, describe_mask);
  }
  scores = scores.named(steps::kAttnScores);
  const Var row_max = tape.record("row_max", {scores}, forward.row_max, describe_row_max);
  row_max.shown_as(steps::kRowMax);
  const Var row_sum = tape.record("row_sum", {scores, row_max}, forward.row_sum, describe_row_sum);
  row_sum.shown_as(steps::kRowSum);
  const Var pattern =
      view("softmax", {scores, row_max, row_sum}, AttentionStage::pattern, describe_softmax)
          .named(steps::kPattern);
  return {scores, pattern};
}

}  // namespace clearhead
