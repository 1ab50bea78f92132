// Multi-head attention, as a layer.
#include "clearhead/nn/multi_head_attention.h"

#include <algorithm>
#include <initializer_list>
#include <span>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/ops/linear.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/rotary.h"

namespace clearhead {
namespace {

[[noreturn]] void refuse(const std::string& message) {
  throw Error("multi-head attention: " + message);
}

// [B, T, H·D] → [B, H, T, D]
Var split_heads(const Var& x, std::int64_t heads) {
  const std::int64_t B = x.size(0), T = x.size(1), D = x.size(2) / heads;
  return transpose(reshape(x, {B, T, heads, D}), 1, 2);
}

// i64 [B]
Tensor all_equal(std::int64_t number, std::int64_t B) {
  Tensor numbers = Tensor::empty({B}, DType::i64);
  std::fill_n(numbers.mutable_data<std::int64_t>(), B, number);
  return numbers;
}

void check_input(const Var& input, const char* name, std::int64_t C) {
  if (input.rank() != 3 || input.size(2) != C) {
    refuse(std::string(name) + ": expected [batch, length, " + std::to_string(C) +
           "] (embed_dim), got " + to_string(input.shape()));
  }
}

}  // namespace

void MultiHeadAttentionConfig::validate() const {
  if (embed_dim < 1 || num_heads < 1 || num_kv_heads < 0 || head_dim < 0) {
    refuse(
        "expected embed_dim and num_heads of at least 1, num_kv_heads and head_dim of at least 0, "
        "got " +
        std::to_string(embed_dim) + ", " + std::to_string(num_heads) + ", " +
        std::to_string(num_kv_heads) + " and " + std::to_string(head_dim));
  }
  if (head_dim == 0 && embed_dim % num_heads != 0) {
    refuse("embed_dim " + std::to_string(embed_dim) + " does not divide into " +
           std::to_string(num_heads) + " heads; choose another number of heads, or give head_dim");
  }
  if (rotary.dim < 0 || rotary.dim % 2 != 0 || rotary.dim > head_size()) {
    refuse("rotary.dim " + std::to_string(rotary.dim) +
           " is no even number up to the head's size, " + std::to_string(head_size()));
  }
  rotary.scaling.validate();
  if (softcap < 0 || window < 0) {
    refuse("expected a softcap and a window of at least 0, got " + std::to_string(softcap) +
           " and " + std::to_string(window));
  }
  if (num_heads % kv_heads() != 0) {
    refuse("num_heads " + std::to_string(num_heads) + " is no multiple of num_kv_heads " +
           std::to_string(num_kv_heads));
  }
}

MultiHeadAttention::MultiHeadAttention(Parameters& parameters,
                                       const MultiHeadAttentionConfig& config)
    : config_(config) {
  config_.validate();
  const std::int64_t C = config_.embed_dim;
  const std::int64_t queries = config_.num_heads * config_.head_size();
  const std::int64_t keys = config_.kv_heads() * config_.head_size();
  W_Q_ = parameters.matrix("W_Q", queries, C);
  W_K_ = parameters.matrix("W_K", keys, C);
  W_V_ = parameters.matrix("W_V", keys, C);
  W_O_ = parameters.matrix("W_O", C, queries, config_.out_init_scale);
  if (config_.qk_norm) {
    q_norm_.emplace(parameters, "q_norm", config_.head_size(), *config_.qk_norm);
    k_norm_.emplace(parameters, "k_norm", config_.head_size(), *config_.qk_norm);
  }
  if (!config_.bias) return;
  b_Q_ = parameters.zeros("b_Q", {queries});
  b_K_ = parameters.zeros("b_K", {keys});
  b_V_ = parameters.zeros("b_V", {keys});
  if (config_.out_bias) b_O_ = parameters.zeros("b_O", {C});
}

// q [B, H, T, D]; k and v [B, G, S, D], if there is a key_value_input
MultiHeadAttention::Projected MultiHeadAttention::project(const Var& query_input,
                                                          const Var& key_value_input,
                                                          const Pass& pass) const {
  Tape tape = query_input.tape();
  const auto of = [&](const Parameter* W, const Parameter* b) {
    return LinearWeights{stored_on(tape, W), on(tape, b)};
  };
  const auto apply = [&](const Var& x, std::initializer_list<LinearWeights> weights) {
    return linears(x, std::span(weights.begin(), weights.size()), pass.precision);
  };
  const std::int64_t H = config_.num_heads, G = config_.kv_heads();
  if (&query_input == &key_value_input) {  // self-attention: one loop for all
    const auto all = apply(query_input, {of(W_Q_, b_Q_), of(W_K_, b_K_), of(W_V_, b_V_)});
    return {split_heads(all[0], H), split_heads(all[1], G), split_heads(all[2], G)};
  }
  const Var q = split_heads(apply(query_input, {of(W_Q_, b_Q_)})[0], H);
  if (!key_value_input.defined()) return {q, {}, {}};
  const auto keys_values = apply(key_value_input, {of(W_K_, b_K_), of(W_V_, b_V_)});
  return {q, split_heads(keys_values[0], G), split_heads(keys_values[1], G)};
}

// x [B, heads, T, D], turned by the positions from `first` on
Var MultiHeadAttention::turn(const Var& x, std::int64_t first) const {
  const RotaryConfig& r = config_.rotary;
  return rotary(x, scaled_angles(first, x.size(2), r.dim, r.theta, r.scaling, x.dtype()),
                {.interleaved = r.interleaved});
}

Var MultiHeadAttention::forward(const Var& query_input, const Var& key_value_input,
                                const Pass& pass, Visibility visibility,
                                KeyValueCache* cache) const {
  const std::int64_t before = cache == nullptr ? 0 : cache->length();
  check_input(query_input, "query_input", config_.embed_dim);
  if (key_value_input.defined()) check_input(key_value_input, "key_value_input", config_.embed_dim);
  auto [q, k, v] = project(query_input, key_value_input, pass);
  q = q.named(steps::kQ);
  if (q_norm_) q = q_norm_->forward(q, pass);
  if (key_value_input.defined()) {
    k = k.named(steps::kK);
    v = v.named(steps::kV);
    if (k_norm_) k = k_norm_->forward(k, pass);
    if (config_.rotary.dim > 0) {
      q = turn(q, before).named(steps::kRotQ);
      k = turn(k, before).named(steps::kRotK);
    }
    if (cache != nullptr) {
      k = append(cache->keys, k);
      v = append(cache->values, v);
    }
  } else {
    if (before == 0) refuse("expected a key_value_input, or a cache that is not empty");
    k = q.tape().input("cached_k", cache->keys.view(), false);
    v = q.tape().input("cached_v", cache->values.view(), false);
  }
  Tensor& lengths = visibility.nonpad_kv_seqlen;
  if (cache != nullptr && !lengths.defined()) {  // the queries are the last positions of the cache
    lengths = all_equal(k.size(2), q.size(0));
  }
  const Var z = scaled_dot_product_attention(q, k, v,
                                             {.is_causal = visibility.is_causal,
                                              .scale = config_.scale,
                                              .softcap = config_.softcap,
                                              .left_window_size = config_.window - 1,
                                              .attn_mask = visibility.attn_mask,
                                              .nonpad_kv_seqlen = lengths,
                                              .way = pass.way,
                                              .precision = pass.precision});  // [B, H, T, D]
  return join_heads(z, pass);                                                 // [B, T, C]
}

// attn_out = [z_1, …, z_H]·W_Oᵀ
Var MultiHeadAttention::join_heads(const Var& z, const Pass& pass) const {
  const std::int64_t B = z.size(0), H = z.size(1), T = z.size(2), D = z.size(3);
  const Var W_O = stored_on(z.tape(), W_O_), b_O = on(z.tape(), b_O_);
  return linear(reshape(transpose(z, 1, 2), {B, T, H * D}), W_O, b_O, pass.precision);
}

}  // namespace clearhead
