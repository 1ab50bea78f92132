// The public side of attention: checks, one form for all inputs, and the choice between by hand and
// fused.
#include "clearhead/ops/attention.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/ops/attention_internal.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/ops/cast.h"
#include "clearhead/ops/elementwise_internal.h"
#include "clearhead/ops/reshape.h"

namespace clearhead {
namespace {

std::string shapes(const Var& q, const Var& k, const Var& v) {
  return "q " + to_string(q.shape()) + ", k " + to_string(k.shape()) + ", v " +
         to_string(v.shape());
}

[[noreturn]] void refuse(const std::string& message) { throw Error("attention: " + message); }

// [B, T, H·D] → [B, H, T, D]
Var split_heads(const Var& x, std::int64_t heads, const char* what, const char* option) {
  if (heads <= 0) {
    refuse(std::string(what) + " is 3-D, " + to_string(x.shape()) + ": " + option +
           " must say how many heads its last axis holds, got " + std::to_string(heads));
  }
  if (x.size(2) % heads != 0) {
    refuse(std::string(what) + " " + to_string(x.shape()) +
           ": the last axis does not divide into " + option + " = " + std::to_string(heads) +
           " heads");
  }
  return transpose(reshape(x, {x.size(0), x.size(1), heads, x.size(2) / heads}), 1, 2);
}

// [B, H, T, D] → [B, T, H·D]
Var merge_heads(const Var& x) {
  return reshape(transpose(x, 1, 2), {x.size(0), x.size(2), x.size(1) * x.size(3)});
}

void check_types(const Var& q, const Var& k, const Var& v) {
  if (!is_floating(q.dtype()) || !is_floating(v.dtype()) || k.dtype() != q.dtype()) {
    refuse("expected q and k of one floating type and a floating v, got q " +
           std::string(dtype_name(q.dtype())) + ", k " + std::string(dtype_name(k.dtype())) +
           ", v " + std::string(dtype_name(v.dtype())));
  }
  const std::int64_t rank = q.rank();
  if ((rank != 3 && rank != 4) || k.rank() != rank || v.rank() != rank) {
    refuse(
        "expected q, k and v all 4-D [batch, heads, length, size] or all 3-D [batch, length, "
        "heads·size], got " +
        shapes(q, k, v));
  }
}

void check_options(const AttentionOptions& options) {
  if (options.softmax_precision && !is_floating(*options.softmax_precision)) {
    refuse("softmax_precision must be f16, bf16, f32 or f64, got " +
           std::string(dtype_name(*options.softmax_precision)));
  }
  if (options.past_key.defined() != options.past_value.defined()) {
    refuse("past_key and past_value belong together; only one was given");
  }
  if (options.nonpad_kv_seqlen.defined() && options.past_key.defined()) {
    refuse("nonpad_kv_seqlen describes a cache kept outside and cannot be combined with past_key");
  }
}

// 4-D q, k, v, with the sizes read off and checked against each other.
void set_sizes(PreparedAttention& p) {
  compute::Attention& a = p.call;
  a.B = p.q.size(0), a.H = p.q.size(1), a.T = p.q.size(2), a.D = p.q.size(3);
  a.G = p.k.size(1), a.S = p.k.size(2), a.Dv = p.v.size(3);
  const std::string got = ", got " + shapes(p.q, p.k, p.v);
  if (p.k.size(0) != a.B || p.v.size(0) != a.B) refuse("q, k and v need the same batch" + got);
  if (p.k.size(3) != a.D) refuse("q and k need the same head size (last axis)" + got);
  if (p.v.size(2) != a.S) refuse("k and v need the same length (axis 2)" + got);
  if (p.v.size(1) != a.G) refuse("k and v need the same number of heads (axis 1)" + got);
  if (a.D == 0 || a.H == 0 || a.G == 0) refuse("heads and head size must not be 0" + got);
  if (a.H % a.G != 0) {
    refuse("the number of query heads must be a multiple of that of key/value heads" + got);
  }
}

void check_head_count(std::int64_t given, std::int64_t actual, const char* option) {
  if (given != 0 && given != actual) {
    refuse(std::string(option) + " is " + std::to_string(given) + ", but the 4-D input has " +
           std::to_string(actual) + " heads; leave it out");
  }
}

// The cache followed by the new keys or values, in their type.
Var join_past(const Var& past, const Var& x, const char* what) {
  const Shape& a = past.shape();
  const Shape& b = x.shape();
  if (past.rank() != 4 || a[0] != b[0] || a[1] != b[1] || a[3] != b[3] ||
      !is_floating(past.dtype())) {
    refuse(std::string(what) + ": expected [" + std::to_string(b[0]) + ", " + std::to_string(b[1]) +
           ", past, " + std::to_string(b[3]) + "] to continue " + to_string(b) + ", got " +
           to_string(a) + " of " + std::string(dtype_name(past.dtype())));
  }
  return concat(cast(past, x.dtype()), x, 2);
}

// Keys that are not padding, per batch; S for all if not given.
std::vector<std::int64_t> key_counts(const Tensor& nonpad, std::int64_t B, std::int64_t S) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(B), S);
  if (!nonpad.defined()) return counts;
  if (nonpad.dtype() != DType::i64 || nonpad.shape() != Shape{B}) {
    refuse("nonpad_kv_seqlen: expected i64 of shape [" + std::to_string(B) + "], got " +
           std::string(dtype_name(nonpad.dtype())) + " of " + to_string(nonpad.shape()));
  }
  const Tensor values = nonpad.contiguous();
  for (std::size_t b = 0; b < counts.size(); ++b) {
    counts[b] = values.data<std::int64_t>()[b];
    if (counts[b] < 0 || counts[b] > S) {
      refuse("nonpad_kv_seqlen[" + std::to_string(b) + "] is " + std::to_string(counts[b]) +
             "; expected 0 to the " + std::to_string(S) + " keys there are");
    }
  }
  return counts;
}

// attn_mask as 4-D, in the type of calculation if floating.
Var prepare_mask(const Var& mask, const compute::Attention& a, DType dtype) {
  const Shape& shape = mask.shape();
  const Shape whole = {a.B, a.H, a.T, a.S};
  bool fits = !shape.empty() && shape.size() <= 4 && shape.back() <= a.S;
  for (std::size_t i = 1; fits && i < shape.size(); ++i) {  // i counts from the last axis
    const std::int64_t size = shape[shape.size() - 1 - i];
    fits = size == 1 || size == whole[3 - i];
  }
  if (!fits) {
    refuse("attn_mask " + to_string(shape) +
           " does not broadcast to [batch, heads, queries, keys] = " + to_string(whole) +
           "; counted from the last axis, sizes must be equal or 1 (the last one "
           "may be shorter)");
  }
  if (mask.dtype() == DType::i64) refuse("attn_mask: expected bool or a floating type, got i64");
  Shape padded(4, 1);
  std::copy(shape.begin(), shape.end(), padded.end() - static_cast<std::ptrdiff_t>(shape.size()));
  const Var full = reshape(mask, padded);
  return mask.dtype() == DType::boolean || mask.dtype() == dtype ? full : cast(full, dtype);
}

// Where queries stand, and which keys are seen by none.
void set_positions(compute::Attention& a, const AttentionOptions& options, std::int64_t past) {
  a.key_count = key_counts(options.nonpad_kv_seqlen, a.B, a.S);
  a.offset.assign(static_cast<std::size_t>(a.B), past);
  if (options.nonpad_kv_seqlen.defined()) {
    for (std::size_t b = 0; b < a.offset.size(); ++b) a.offset[b] = a.key_count[b] - a.T;
  }
  if (!a.mask.defined()) return;
  for (std::int64_t& count : a.key_count) count = std::min(count, a.mask.size(3));
}

// Before anything is calculated.
void check_out(const Tensor& out, const Var& q, const Shape& shape) {
  if (!out.defined() || (out.shape() == shape && out.dtype() == q.dtype())) return;
  refuse("out: expected " + std::string(dtype_name(q.dtype())) + " of shape " + to_string(shape) +
         ", got " + std::string(dtype_name(out.dtype())) + " of " + to_string(out.shape()));
}

// What will be calculated from what fused attention keeps.
void set_followers(PreparedAttention& p, const AttentionOptions& options) {
  p.call.mask_gradient_follows = options.attn_mask.needs_grad();
  p.call.gradients_follow =
      p.q.needs_grad() || p.k.needs_grad() || p.v.needs_grad() || p.call.mask_gradient_follows;
  p.call.steps_follow = p.q.tape().looks_into(steps::kInner) || options.qk_matmul_output_mode;
}

// Whether keys and values may stay the bf16 that they are: nobody asks for more than the result. A
// cache that is read as it lies needs neither the time nor the memory of a copy in f32.
bool stay_bf16(const PreparedAttention& p, AttentionWay way) {
  const bool only_result =
      !p.call.gradients_follow && !p.call.steps_follow && way != AttentionWay::by_hand;
  return only_result && p.q.dtype() == DType::f32 && p.k.dtype() == DType::bf16 &&
         p.v.dtype() == DType::bf16;
}

// Bytes that the steps by hand take together: the matrices [B, H, T, S] that are recorded, and the
// mask.
double by_hand_bytes(const compute::Attention& a) {
  const double matrix = static_cast<double>(a.B) * static_cast<double>(a.H) *
                        static_cast<double>(a.T) * static_cast<double>(a.S);
  const int matrices = 3 + (a.rule.softcap != 0 ? 1 : 0) + (a.has_mask() ? 2 : 0);
  return matrix * matrices * static_cast<double>(dtype_size(a.q.dtype()));
}

bool goes_by_hand(const PreparedAttention& p, AttentionWay way) {
  Tape tape = p.q.tape();
  const std::string intervention = tape.intervention_on(steps::kInner);
  if (way == AttentionWay::fused) {
    if (intervention.empty()) return false;
    refuse("an intervention on " + intervention +
           " changes a step that fused attention does not go through; calculate it by hand: "
           "AttentionWay::by_hand, --by-hand on the command line, way=\"by_hand\" from Python");
  }
  const double bytes = by_hand_bytes(p.call);
  if (way == AttentionWay::automatic && intervention.empty()) {
    return bytes <= static_cast<double>(kByHandUsualBytes) && tape.looks_into(steps::kInner);
  }
  const bool fits = bytes <= static_cast<double>(kByHandMaxBytes);
  if (!fits) {
    char count[32];
    std::snprintf(count, sizeof count, "%.0f", bytes);
    const std::int64_t heads = p.call.B * p.call.H;
    refuse("by hand the steps, matrices of " + std::to_string(p.call.T) + " queries × " +
           std::to_string(p.call.S) + " keys for " + std::to_string(heads) +
           (heads == 1 ? " head" : " heads") + ", would take " + count + " bytes; the limit is " +
           std::to_string(kByHandMaxBytes) +
           (intervention.empty()
                ? ". Take fewer tokens, or calculate it fused, which needs no such matrices: "
                  "AttentionWay::fused; on the command line --fused, and neither --by-hand nor "
                  "--gradients"
                : ". Fused there is no such step that the intervention on " + intervention +
                      " could change; take fewer tokens, or intervene on hook_z"));
  }
  return true;
}

}  // namespace

AttentionOutput attention(const Var& q, const Var& k, const Var& v,
                          const AttentionOptions& options) {
  check_types(q, k, v);
  check_options(options);
  const bool three_d = q.rank() == 3;
  const DType dtype = q.dtype() == DType::f64 ? DType::f64 : DType::f32;

  Var all_q = q, all_k = k, all_v = v;  // 4-D, with the cache, in the types that were given
  if (three_d) {
    all_q = split_heads(q, options.q_num_heads, "q", "q_num_heads");
    all_k = split_heads(k, options.kv_num_heads, "k", "kv_num_heads");
    all_v = split_heads(v, options.kv_num_heads, "v", "kv_num_heads");
  } else {
    check_head_count(options.q_num_heads, q.size(1), "q_num_heads");
    check_head_count(options.kv_num_heads, k.size(1), "kv_num_heads");
  }
  std::int64_t past = 0;
  if (options.past_key.defined()) {
    all_k = join_past(options.past_key, all_k, "past_key");
    all_v = join_past(options.past_value, all_v, "past_value");
    past = options.past_key.size(2);
  }
  PreparedAttention p;
  p.q = cast(all_q, dtype), p.k = all_k, p.v = all_v;
  set_sizes(p);
  set_followers(p, options);
  compute::Attention& a = p.call;
  if (options.softmax_precision != dtype) a.softmax_precision = options.softmax_precision;
  if (!stay_bf16(p, options.way)) p.k = cast(all_k, dtype), p.v = cast(all_v, dtype);
  a.q = with_dense_rows(p.q.value());
  a.k = with_dense_rows(p.k.value());
  a.v = with_dense_rows(p.v.value());
  compute::set_rule(a, options.rule(), "attention");
  a.precision = options.precision;
  p.qk_matmul_output_mode = options.qk_matmul_output_mode;
  if (options.attn_mask.defined()) {
    p.attn_mask = prepare_mask(options.attn_mask, a, dtype);
    a.mask = p.attn_mask.value();
  }
  set_positions(a, options, past);
  check_out(options.out, q, three_d ? Shape{a.B, a.T, a.H * a.Dv} : Shape{a.B, a.H, a.T, a.Dv});
  if (!three_d) p.z_into = options.out;

  const AttentionResult result =
      goes_by_hand(p, options.way) ? attention_by_hand(p) : attention_fused(p);
  AttentionOutput output;
  output.y = cast(three_d ? merge_heads(result.z) : result.z, q.dtype());
  output.present_key = all_k;
  output.present_value = all_v;
  if (result.qk_matmul_output.defined()) {
    output.qk_matmul_output = cast(result.qk_matmul_output, q.dtype());
  }
  if (options.out.defined() && output.y.value().address() != options.out.address()) {
    Tensor(options.out).assign(output.y.value());
  }
  return output;
}

Var scaled_dot_product_attention(const Var& q, const Var& k, const Var& v,
                                 const AttentionOptions& options) {
  return attention(q, k, v, options).y;
}

}  // namespace clearhead
