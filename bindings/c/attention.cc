// Attention for C: the caller's arrays become values on a tape, and what backward needs of it is
// kept.
#include "clearhead/ops/attention.h"

#include <memory>
#include <string>

#include "bindings/c/boundary_internal.h"
#include "clearhead/base/error.h"

struct clearhead_attention_record {
  explicit clearhead_attention_record(clearhead::Keep keep) : tape(keep) {}

  clearhead::Tape tape;
  clearhead::Var q, k, v, attn_mask, past_key, past_value, y;
};

namespace clearhead::c {
namespace {

constexpr clearhead_attention_options kDefaults = CLEARHEAD_ATTENTION_OPTIONS_INIT;
constexpr std::int32_t kStages = static_cast<std::int32_t>(AttentionStage::pattern) + 1;

// The value on the tape of an operand that may be left out.
Var operand(Tape& tape, const char* name, const clearhead_array* array,
            bool takes_gradient = true) {
  return array == nullptr ? Var() : tape.input(name, view_of(array, name), takes_gradient);
}

AttentionOptions options_of(const clearhead_attention_options& o,
                            const clearhead_attention_record& record) {
  if (o.way != CLEARHEAD_FUSED && o.way != CLEARHEAD_BY_HAND) {
    throw Error("way: expected CLEARHEAD_FUSED or CLEARHEAD_BY_HAND, got " + std::to_string(o.way));
  }
  AttentionOptions options;
  options.is_causal = o.is_causal != 0;
  if (o.has_scale != 0) options.scale = o.scale;
  options.softcap = o.softcap;
  options.left_window_size = o.left_window_size;
  options.right_window_size = o.right_window_size;
  options.q_num_heads = o.q_num_heads;
  options.kv_num_heads = o.kv_num_heads;
  if (o.softmax_precision != 0) {
    options.softmax_precision = dtype_of(o.softmax_precision, "softmax_precision");
  }
  options.attn_mask = record.attn_mask;
  options.past_key = record.past_key;
  options.past_value = record.past_value;
  if (o.nonpad_kv_seqlen != nullptr) {
    options.nonpad_kv_seqlen = view_of(o.nonpad_kv_seqlen, "nonpad_kv_seqlen");
  }
  options.way = o.way == CLEARHEAD_FUSED ? AttentionWay::fused : AttentionWay::by_hand;
  options.precision = precision_of(o.precision);
  return options;
}

AttentionStage stage_of(std::int32_t stage) {
  if (stage < 0 || stage >= kStages) {
    throw Error("stage: expected CLEARHEAD_RAW_SCORES to CLEARHEAD_PATTERN, got " +
                std::to_string(stage));
  }
  return static_cast<AttentionStage>(stage);
}

// A gradient that the caller wants, and of what.
struct Wanted {
  const Var& of;
  const clearhead_array* into;
  const char* name;
  const char* otherwise;  // why it may take none
};

}  // namespace
}  // namespace clearhead::c

using namespace clearhead::c;

clearhead_status clearhead_attention(const clearhead_array* q, const clearhead_array* k,
                                     const clearhead_array* v,
                                     const clearhead_attention_options* options,
                                     const clearhead_attention_results* results,
                                     clearhead_attention_record** record) {
  if (record != nullptr) *record = nullptr;
  return guarded([&] {
    const clearhead_attention_options o = members_of(options, kDefaults, "options");
    const clearhead_attention_results to = members_of(&required(results, "results"), {}, "results");
    keep_apart({{"y", to.y},
                {"present_key", to.present_key},
                {"present_value", to.present_value},
                {"qk_matmul_output", to.qk_matmul_output}},
               {{"q", q},
                {"k", k},
                {"v", v},
                {"attn_mask", o.attn_mask},
                {"past_key", o.past_key},
                {"past_value", o.past_value}});
    auto kept = std::make_unique<clearhead_attention_record>(
        record != nullptr ? clearhead::Keep::for_backward : clearhead::Keep::nothing);
    clearhead_attention_record& call = *kept;
    call.q = call.tape.input("q", view_of(q, "q"));
    call.k = call.tape.input("k", view_of(k, "k"));
    call.v = call.tape.input("v", view_of(v, "v"));
    call.attn_mask =
        operand(call.tape, "attn_mask", o.attn_mask, /*takes_gradient=*/o.mask_takes_gradient != 0);
    call.past_key = operand(call.tape, "past_key", o.past_key);
    call.past_value = operand(call.tape, "past_value", o.past_value);
    clearhead::AttentionOptions asked = options_of(o, call);
    asked.out = writable_view_of(to.y, "y");
    if (to.qk_matmul_output != nullptr) asked.qk_matmul_output_mode = stage_of(o.stage);
    const clearhead::AttentionOutput output = attention(call.q, call.k, call.v, asked);
    give(output.present_key.value(), to.present_key, "present_key");
    give(output.present_value.value(), to.present_value, "present_value");
    if (to.qk_matmul_output != nullptr) {
      give(output.qk_matmul_output.value(), to.qk_matmul_output, "qk_matmul_output");
    }
    call.y = output.y;
    if (record != nullptr) *record = kept.release();
  });
}

clearhead_status clearhead_attention_backward(clearhead_attention_record* record,
                                              const clearhead_array* dy,
                                              const clearhead_attention_gradients* gradients) {
  return guarded([&] {
    clearhead_attention_record& call = required(record, "record");
    const clearhead_attention_gradients to =
        members_of(&required(gradients, "gradients"), {}, "gradients");
    keep_apart({{"q", to.q},
                {"k", to.k},
                {"v", to.v},
                {"attn_mask", to.attn_mask},
                {"past_key", to.past_key},
                {"past_value", to.past_value}},
               {{"dy", dy}});
    constexpr char kNoMask[] = "there is no floating one, or mask_takes_gradient was not set";
    constexpr char kNoCache[] = "none was given";
    const Wanted all[] = {{call.q, to.q, "q", ""},
                          {call.k, to.k, "k", ""},
                          {call.v, to.v, "v", ""},
                          {call.attn_mask, to.attn_mask, "attn_mask", kNoMask},
                          {call.past_key, to.past_key, "past_key", kNoCache},
                          {call.past_value, to.past_value, "past_value", kNoCache}};
    for (const Wanted& wanted : all) {
      if (wanted.of.defined() && wanted.of.needs_grad()) {
        call.tape.place_gradient(wanted.of, wanted.into == nullptr
                                                ? clearhead::Tensor()
                                                : writable_view_of(wanted.into, wanted.name));
      } else if (wanted.into != nullptr) {
        throw clearhead::Error(std::string("the gradient of ") + wanted.name + ": " +
                               wanted.otherwise);
      }
    }
    call.tape.backward(call.y, view_of(dy, "dy"));
    for (const Wanted& wanted : all) {
      if (wanted.into != nullptr) give(wanted.of.grad(), wanted.into, wanted.name);
    }
  });
}

void clearhead_attention_record_free(clearhead_attention_record* record) { delete record; }
