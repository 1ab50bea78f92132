// Records the inputs on a tape, makes queries, keys and values of them, and calls attention.
#include "apps/cli/attend/calculate.h"

#include "clearhead/ops/attention.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/ops/matmul.h"
#include "clearhead/ops/reduce.h"

namespace clearhead::cli {
namespace {

struct QueriesKeysValues {
  Var q, k, v;
};

QueriesKeysValues record_inputs(const AttendInputs& in, bool gradients, Tape& tape) {
  const bool continues = in.past_key.defined();  // then hook_k is the cache and these
  QueriesKeysValues x;
  x.q = tape.input(in.q_name, in.q, gradients);
  x.k = in.is_self ? x.q : tape.input(continues ? steps::kNewKey : in.k_name, in.k, gradients);
  x.v = in.is_self ? x.q : tape.input(continues ? steps::kNewValue : in.v_name, in.v, gradients);
  return x;
}

// q = x·W_Q for each head: [B, 1, T, C]·[H, C, D] → [B, H, T, D]; keys and values alike.
QueriesKeysValues project(const QueriesKeysValues& x, const AttendInputs& in, bool gradients,
                          Tape& tape) {
  const bool continues = in.past_key.defined();
  const Var w_q = tape.input(steps::kWQ, in.w_q, gradients);
  const Var w_k = tape.input(steps::kWK, in.w_k, gradients);
  const Var w_v = tape.input(steps::kWV, in.w_v, gradients);
  return {matmul(x.q, w_q).named(steps::kQ),
          matmul(x.k, w_k).named(continues ? steps::kNewKey : steps::kK),
          matmul(x.v, w_v).named(continues ? steps::kNewValue : steps::kV)};
}

AttentionOptions attention_options(const AttendInputs& in, const AttendOptions& o, Tape& tape) {
  AttentionOptions options = o.attention;
  options.nonpad_kv_seqlen = in.nonpad_kv_seqlen;
  options.way = o.by_hand || o.gradients ? AttentionWay::by_hand
                : o.fused                ? AttentionWay::fused
                                         : AttentionWay::automatic;
  if (in.mask.defined()) options.attn_mask = tape.input(steps::kAttnMask, in.mask, o.gradients);
  if (in.past_key.defined()) {
    options.past_key = tape.input(steps::kPastKey, in.past_key, o.gradients);
    options.past_value = tape.input(steps::kPastValue, in.past_value, o.gradients);
  }
  return options;
}

}  // namespace

void calculate(const AttendInputs& in, const AttendOptions& o, Tape& tape) {
  QueriesKeysValues x = record_inputs(in, o.gradients, tape);
  if (in.has_weights()) x = project(x, in, o.gradients, tape);
  const AttentionOutput out = attention(x.q, x.k, x.v, attention_options(in, o, tape));
  if (in.past_key.defined()) {
    out.present_key.shown_as(steps::kK);
    out.present_value.shown_as(steps::kV);
  }
  if (in.w_o.defined()) {
    // What each head adds, [B, H, T, Dv]·[H, Dv, C] → [B, H, T, C], and their sum, [B, T, C]
    const Var w_o = tape.input(steps::kWO, in.w_o, o.gradients);
    const Var result = matmul(tape[steps::kZ], w_o).named(steps::kResult);
    static_cast<void>(sum(result, {1}).named(steps::kAttnOut));
  }
}

}  // namespace clearhead::cli
