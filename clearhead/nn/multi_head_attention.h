// Multi-head attention: several heads side by side, each with its own projections.
//
//     q_h = x·W_Q,hᵀ   k_g = y·W_K,gᵀ   v_g = y·W_V,gᵀ
//     z_h = Attention(q_h, k_g, v_g)      with rotary positions, of the turned q_h and k_g
//     attn_out = [z_1, …, z_H]·W_Oᵀ = Σ_h z_h·W_O,hᵀ
//
// Source: Vaswani et al. 2017, section 3.2.2. With fewer key/value heads than query heads, each
// serves a group of H/G query heads: multi-query (G = 1, Shazeer 2019) and grouped-query attention
// (Ainslie et al. 2023).
//
// Letters: B batch, T queries, S keys, C channels, H query heads, G key/value heads, D head size.
#ifndef CLEARHEAD_NN_MULTI_HEAD_ATTENTION_H_
#define CLEARHEAD_NN_MULTI_HEAD_ATTENTION_H_

#include <cstdint>
#include <optional>

#include "clearhead/nn/key_value_cache.h"
#include "clearhead/nn/norm.h"
#include "clearhead/nn/parameters.h"
#include "clearhead/nn/pass.h"
#include "clearhead/nn/rotary_scaling.h"
#include "clearhead/ops/attention.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

/// Rotary positions (ops/rotary.h) of queries and keys.
struct RotaryConfig {
  std::int64_t dim = 0;        ///< channels of a head that are turned, an even number; 0: none
  bool interleaved = false;    ///< pairs of neighbours, or two halves
  double theta = 10000;        ///< the base of the angles
  RotaryScaling scaling = {};  ///< for texts longer than the model learnt from
};

/// The sizes and choices of multi-head attention.
struct MultiHeadAttentionConfig {
  std::int64_t embed_dim = 0;     ///< C
  std::int64_t num_heads = 1;     ///< H
  std::int64_t num_kv_heads = 0;  ///< G, a divisor of H; 0: as many as query heads
  std::int64_t head_dim = 0;      ///< D; 0: C/H
  bool bias = false;              ///< adds b_Q, b_K, b_V and b_O
  bool out_bias = true;           ///< if there are biases, b_O too; Qwen2 has none
  /// A norm of each head's queries and keys, before they are turned (Qwen3); none if not given.
  std::optional<NormConfig> qk_norm = {};
  std::optional<double> scale = {};  ///< of the scores; 1/√D if not given; T5: 1
  double softcap = 0;                ///< bound on the scores; 0: none
  std::int64_t window = 0;           ///< a query sees as many keys up to its own; 0: all
  RotaryConfig rotary = {};          ///< of self-attention
  double out_init_scale = 1;         ///< factor on how W_O begins; GPT-2: 1/√(2·layers)

  /// Throws Error if the numbers do not fit together.
  void validate() const;

  /// G, with its default.
  std::int64_t kv_heads() const { return num_kv_heads == 0 ? num_heads : num_kv_heads; }
  /// D, with its default.
  std::int64_t head_size() const { return head_dim == 0 ? embed_dim / num_heads : head_dim; }
};

/// Which keys the queries of a layer see; AttentionOptions (ops/attention.h) says what these mean.
struct Visibility {
  bool is_causal = false;        ///< keys up to its own position
  Var attn_mask = {};            ///< keys that the mask allows
  Tensor nonpad_kv_seqlen = {};  ///< keys that are no padding
};

/// Attention of H heads, with the weights that make queries, keys and values and join results.
class MultiHeadAttention {
 public:
  /// Adds to the parameters W_Q [H·D, C], W_K and W_V [G·D, C], W_O [C, H·D] and, if there are
  /// biases, b_Q, b_K, b_V and b_O; for the norm of queries and keys q_norm.w and k_norm.w [D]. A
  /// head's rows of W_Q, W_K and W_V, and its columns of W_O, lie
  /// side by side. Throws Error if the config does not fit together.
  MultiHeadAttention(Parameters& parameters, const MultiHeadAttentionConfig& config);

  /// Attention of query_input [B, T, C] to key_value_input [B, S, C]: [B, T, C]. Self-attention has
  /// the same input twice. Way and precision are those of the pass. Records, within the current
  /// scope, hook_q [B, H, T, D], hook_k and hook_v [B, G, S, D], what the norms of q and k record
  /// within q_norm and k_norm, with rotary positions hook_rot_q and hook_rot_k, and the steps of
  /// `attention`. The result has no name: the block gives it one.
  ///
  /// With a cache, keys and values are appended to it, and the queries, which stand at the last
  /// positions, see everything in it: the results are those of one run over all positions. Without
  /// a key_value_input the queries see what is in the cache, as in cross-attention once its keys
  /// are known. Throws Error if shapes or types do not fit.
  Var forward(const Var& query_input, const Var& key_value_input, const Pass& pass,
              Visibility visibility = {}, KeyValueCache* cache = nullptr) const;

 private:
  struct Projected {
    Var q, k, v;
  };
  Projected project(const Var& query_input, const Var& key_value_input, const Pass& pass) const;
  Var turn(const Var& x, std::int64_t first) const;
  Var join_heads(const Var& z, const Pass& pass) const;

  MultiHeadAttentionConfig config_;
  const Parameter *W_Q_, *W_K_, *W_V_, *W_O_;
  const Parameter *b_Q_ = nullptr, *b_K_ = nullptr, *b_V_ = nullptr, *b_O_ = nullptr;
  std::optional<Norm> q_norm_, k_norm_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_NN_MULTI_HEAD_ATTENTION_H_
