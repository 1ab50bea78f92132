// The steps that fused attention does not store, as computed views: any tile of them is calculated
// again from q, k, row_max and row_sum when it is asked for.
#include "clearhead/ops/attention_internal.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/ops/explanations_internal.h"

namespace clearhead {

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
                    describe_matmul(op, {.transpose_b = true});
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
