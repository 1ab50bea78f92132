// Attention by hand: a line for each step of the formula, each an operation on the tape.
#include "clearhead/ops/attention_internal.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/ops/mask.h"
#include "clearhead/ops/matmul.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/rounded_softmax.h"
#include "clearhead/ops/scale.h"
#include "clearhead/ops/softcap.h"
#include "clearhead/ops/softmax.h"
#include "clearhead/ops/weighted_sum.h"

namespace clearhead {

AttentionResult attention_by_hand(const PreparedAttention& p) {
  const compute::Attention& a = p.call;
  const std::int64_t B = a.B, H = a.H, G = a.G, T = a.T, S = a.S, D = a.D, Dv = a.Dv;
  const bool grouped = H != G;
  // With grouped heads the H/G query heads of a group form an axis along which its keys broadcast.
  const auto split_queries = [&](const Var& x) {  // [B, H, T, ·] → [B, G, H/G, T, ·]
    return grouped ? reshape(x, {B, G, H / G, T, x.size(3)}) : x;
  };
  const auto join_queries = [&](const Var& x) {  // and back
    return grouped ? reshape(x, {B, H, T, x.size(4)}) : x;
  };
  const Var q = split_queries(p.q);
  const Var k = grouped ? reshape(p.k, {B, G, 1, S, D}) : p.k;
  const Var v = grouped ? reshape(p.v, {B, G, 1, S, Dv}) : p.v;

  const Var raw = join_queries(matmul(q, k, {.transpose_b = true})).named(steps::kRawScores);
  const Var scaled = scale(raw, *a.rule.scale).named(steps::kScaledScores);
  const Var capped =
      a.rule.softcap == 0 ? scaled : softcap(scaled, a.rule.softcap).named(steps::kCappedScores);
  const Var scores = (a.has_mask() ? mask(capped, attention_bias(p).named(steps::kMask)) : capped)
                         .named(steps::kAttnScores);

  const SoftmaxSteps softmax = a.softmax_precision
                                   ? rounded_softmax_steps(scores, *a.softmax_precision)
                                   : softmax_steps(scores);
  softmax.row_max.shown_as(steps::kRowMax);
  softmax.row_sum.shown_as(steps::kRowSum);
  const Var pattern = softmax.pattern.named(steps::kPattern);

  const Var z = weighted_sum(split_queries(pattern), split_queries(scores), v);

  AttentionResult result;
  result.z = join_queries(z).named(steps::kZ);
  if (p.qk_matmul_output_mode) {
    const Var stages[] = {raw, scaled, capped, scores, pattern};  // as in AttentionStage
    result.qk_matmul_output = stages[static_cast<std::size_t>(*p.qk_matmul_output_mode)];
  }
  return result;
}

}  // namespace clearhead
