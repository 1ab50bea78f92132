#include "clearhead/nn/multi_head_attention.h"

#include <string>

#include "clearhead/base/error.h"
#include "clearhead/ops/add.h"
#include "clearhead/ops/linear.h"
#include "clearhead/ops/matmul.h"
#include "clearhead/ops/reduce.h"
#include "clearhead/ops/reshape.h"

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
  if (!config_.bias) return;
  b_Q_ = parameters.zeros("b_Q", {queries});
  b_K_ = parameters.zeros("b_K", {keys});
  b_V_ = parameters.zeros("b_V", {keys});
  b_O_ = parameters.zeros("b_O", {C});
}

Var MultiHeadAttention::forward(const Var& query_input, const Var& key_value_input,
                                const AttentionOptions& options) const {
  check_input(query_input, "query_input", config_.embed_dim);
  check_input(key_value_input, "key_value_input", config_.embed_dim);
  const std::int64_t H = config_.num_heads, G = config_.kv_heads();
  const auto project = [&](const Var& x, const Parameter* W, const Parameter* b,
                           std::int64_t heads) {
    return split_heads(linear(x, on(x.tape(), W), on(x.tape(), b), options.precision), heads);
  };
  const Var q = project(query_input, W_Q_, b_Q_, H).named("hook_q");      // [B, H, T, D]
  const Var k = project(key_value_input, W_K_, b_K_, G).named("hook_k");  // [B, G, S, D]
  const Var v = project(key_value_input, W_V_, b_V_, G).named("hook_v");  // [B, G, S, D]
  const Var z = scaled_dot_product_attention(q, k, v, options);           // [B, H, T, D]
  return join_heads(z, options.precision).named("hook_attn_out");         // [B, T, C]
}

// attn_out = [z_1, …, z_H]·W_Oᵀ, or head by head: Σ_h z_h·W_O,hᵀ
Var MultiHeadAttention::join_heads(const Var& z, Precision precision) const {
  const std::int64_t B = z.size(0), H = z.size(1), T = z.size(2), D = z.size(3);
  const Var W_O = on(z.tape(), W_O_), b_O = on(z.tape(), b_O_);
  if (!config_.per_head_result) {
    return linear(reshape(transpose(z, 1, 2), {B, T, H * D}), W_O, b_O, precision);
  }
  const Var W = transpose(reshape(W_O, {config_.embed_dim, H, D}), 0, 1);  // [H, C, D]
  const Var result = matmul(z, W, {.transpose_b = true, .precision = precision})
                         .named("hook_result");  // [B, H, T, C]
  const Var out = sum(result, {1});              // [B, T, C]
  return b_O.defined() ? add(out, b_O) : out;
}

}  // namespace clearhead
