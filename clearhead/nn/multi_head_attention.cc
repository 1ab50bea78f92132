#include "clearhead/nn/multi_head_attention.h"

#include <cmath>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/base/random.h"
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

// A weight as an input of the tape; an optional one may be missing.
Var place(Tape& tape, const char* name, const Tensor& weight, const Shape& shape, bool wanted) {
  if (!wanted) {
    if (weight.defined()) refuse(std::string(name) + " was given, but config.bias is false");
    return {};
  }
  if (!weight.defined())
    refuse(std::string(name) + ": expected " + to_string(shape) + ", got none");
  if (weight.shape() != shape) {
    refuse(std::string(name) + ": expected " + to_string(shape) + " by the config, got " +
           to_string(weight.shape()));
  }
  return tape.input(name, weight);
}

void check_input(const Var& input, const char* name, std::int64_t C) {
  if (input.rank() != 3 || input.size(2) != C) {
    refuse(std::string(name) + ": expected [batch, length, " + std::to_string(C) +
           "] (embed_dim), got " + to_string(input.shape()));
  }
}

Tensor glorot_uniform(std::int64_t rows, std::int64_t columns, Random random, DType dtype) {
  const double bound = std::sqrt(6.0 / static_cast<double>(rows + columns));
  Tensor weight = Tensor::empty({rows, columns}, DType::f64);
  double* numbers = weight.mutable_data<double>();
  for (std::int64_t i = 0; i < weight.count(); ++i) {
    numbers[i] = bound * (2 * random.uniform() - 1);
  }
  return weight.to(dtype);
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

MultiHeadAttentionWeights random_weights(const MultiHeadAttentionConfig& config, std::uint64_t seed,
                                         DType dtype) {
  config.validate();
  const std::int64_t C = config.embed_dim;
  const std::int64_t queries = config.num_heads * config.head_size();
  const std::int64_t keys = config.kv_heads() * config.head_size();
  MultiHeadAttentionWeights w;
  w.W_Q = glorot_uniform(queries, C, Random(seed, 0), dtype);
  w.W_K = glorot_uniform(keys, C, Random(seed, 1), dtype);
  w.W_V = glorot_uniform(keys, C, Random(seed, 2), dtype);
  w.W_O = glorot_uniform(C, queries, Random(seed, 3), dtype);
  if (config.bias) {
    w.b_Q = Tensor({queries}, dtype);
    w.b_K = Tensor({keys}, dtype);
    w.b_V = Tensor({keys}, dtype);
    w.b_O = Tensor({C}, dtype);
  }
  return w;
}

MultiHeadAttention::MultiHeadAttention(Tape& tape, const MultiHeadAttentionConfig& config,
                                       const MultiHeadAttentionWeights& weights)
    : config_(config) {
  config_.validate();
  const std::int64_t C = config_.embed_dim;
  const std::int64_t queries = config_.num_heads * config_.head_size();
  const std::int64_t keys = config_.kv_heads() * config_.head_size();
  W_Q = place(tape, "W_Q", weights.W_Q, {queries, C}, true);
  W_K = place(tape, "W_K", weights.W_K, {keys, C}, true);
  W_V = place(tape, "W_V", weights.W_V, {keys, C}, true);
  W_O = place(tape, "W_O", weights.W_O, {C, queries}, true);
  b_Q = place(tape, "b_Q", weights.b_Q, {queries}, config_.bias);
  b_K = place(tape, "b_K", weights.b_K, {keys}, config_.bias);
  b_V = place(tape, "b_V", weights.b_V, {keys}, config_.bias);
  b_O = place(tape, "b_O", weights.b_O, {C}, config_.bias);
}

Var MultiHeadAttention::forward(const Var& query_input, const Var& key_value_input,
                                const AttentionOptions& options) const {
  check_input(query_input, "query_input", config_.embed_dim);
  check_input(key_value_input, "key_value_input", config_.embed_dim);
  const std::int64_t H = config_.num_heads, G = config_.kv_heads();
  const Var q = split_heads(linear(query_input, W_Q, b_Q), H).named("hook_q");      // [B, H, T, D]
  const Var k = split_heads(linear(key_value_input, W_K, b_K), G).named("hook_k");  // [B, G, S, D]
  const Var v = split_heads(linear(key_value_input, W_V, b_V), G).named("hook_v");  // [B, G, S, D]
  const Var z = scaled_dot_product_attention(q, k, v, options);                     // [B, H, T, D]
  return join_heads(z).named("hook_attn_out");                                      // [B, T, C]
}

// attn_out = [z_1, …, z_H]·W_Oᵀ, or head by head: Σ_h z_h·W_O,hᵀ
Var MultiHeadAttention::join_heads(const Var& z) const {
  const std::int64_t B = z.size(0), H = z.size(1), T = z.size(2), D = z.size(3);
  if (!config_.per_head_result) {
    return linear(reshape(transpose(z, 1, 2), {B, T, H * D}), W_O, b_O);
  }
  const Var W = transpose(reshape(W_O, {config_.embed_dim, H, D}), 0, 1);       // [H, C, D]
  const Var result = matmul(z, W, {.transpose_b = true}).named("hook_result");  // [B, H, T, C]
  const Var out = sum(result, {1});                                             // [B, T, C]
  return b_O.defined() ? add(out, b_O) : out;
}

}  // namespace clearhead
