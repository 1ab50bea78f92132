// Records the inputs on a tape, makes queries, keys and values of them, and calls attention.
#include "apps/cli/attend/calculate.h"

#include "clearhead/ops/attention.h"
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
  x.k = in.is_self ? x.q : tape.input(continues ? "new_key" : in.k_name, in.k, gradients);
  x.v = in.is_self ? x.q : tape.input(continues ? "new_value" : in.v_name, in.v, gradients);
  return x;
}

// q = x·W_Q for each head: [B, 1, T, C]·[H, C, D] → [B, H, T, D]; keys and values alike.
QueriesKeysValues project(const QueriesKeysValues& x, const AttendInputs& in, bool gradients,
                          Tape& tape) {
  const bool continues = in.past_key.defined();
  const Var w_q = tape.input("W_Q", in.w_q, gradients);
  const Var w_k = tape.input("W_K", in.w_k, gradients);
  const Var w_v = tape.input("W_V", in.w_v, gradients);
  return {matmul(x.q, w_q).named("hook_q"),
          matmul(x.k, w_k).named(continues ? "new_key" : "hook_k"),
          matmul(x.v, w_v).named(continues ? "new_value" : "hook_v")};
}

AttentionOptions attention_options(const AttendInputs& in, const AttendOptions& o, Tape& tape) {
  AttentionOptions options = o.attention;
  options.nonpad_kv_seqlen = in.nonpad_kv_seqlen;
  options.way = o.by_hand || o.gradients ? AttentionWay::by_hand
                : o.fused                ? AttentionWay::fused
                                         : AttentionWay::automatic;
  if (in.mask.defined()) options.attn_mask = tape.input("attn_mask", in.mask, o.gradients);
  if (in.past_key.defined()) {
    options.past_key = tape.input("past_key", in.past_key, o.gradients);
    options.past_value = tape.input("past_value", in.past_value, o.gradients);
  }
  return options;
}

}  // namespace

void calculate(const AttendInputs& in, const AttendOptions& o, Tape& tape) {
  QueriesKeysValues x = record_inputs(in, o.gradients, tape);
  if (in.has_weights()) x = project(x, in, o.gradients, tape);
  const AttentionOutput out = attention(x.q, x.k, x.v, attention_options(in, o, tape));
  if (in.past_key.defined()) {
    out.present_key.shown_as("hook_k");
    out.present_value.shown_as("hook_v");
  }
  if (in.w_o.defined()) {
    // What each head adds, [B, H, T, Dv]·[H, Dv, C] → [B, H, T, C], and their sum, [B, T, C]
    const Var w_o = tape.input("W_O", in.w_o, o.gradients);
    const Var result = matmul(tape["hook_z"], w_o).named("hook_result");
    static_cast<void>(sum(result, {1}).named("hook_attn_out"));
  }
}

bool is_by_hand(const Tape& tape) {
  const Var z = tape["hook_z"];
  const Var calculated = z.before().defined() ? z.before() : z;
  return calculated.kind() != "fused_attention";
}

}  // namespace clearhead::cli
