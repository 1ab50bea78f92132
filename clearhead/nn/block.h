// The blocks that transformers are stacks of.
//
//     encoder:  x → attention → add & norm → feed-forward → add & norm
//     decoder:  x → causal attention → add & norm → (cross-attention → add & norm →)
//                 feed-forward → add & norm
//
// By config alone they are those of the original transformer (post-norm, ReLU), of BERT (post-norm,
// GELU), GPT-2 (pre-norm, GELU, biases), Llama (pre-norm, RMS norm, rotary, SwiGLU, grouped heads, no
// biases) and T5 (pre-norm, RMS norm, scale 1, relative bias, no biases).
//
// Source: Vaswani et al., "Attention is all you need" (2017), figure 1.
#ifndef CLEARHEAD_NN_BLOCK_H_
#define CLEARHEAD_NN_BLOCK_H_

#include <optional>

#include "clearhead/nn/feed_forward.h"
#include "clearhead/nn/multi_head_attention.h"
#include "clearhead/nn/residual.h"

namespace clearhead {

struct BlockConfig {
  MultiHeadAttentionConfig attention = {};
  FeedForwardConfig feed_forward = {};
  NormConfig norm = {};
  bool pre_norm = true;
};

class EncoderBlock {
 public:
  /// Adds to the parameters attn.…, ln1.…, mlp.… and ln2.….
  EncoderBlock(Parameters& parameters, const BlockConfig& config);

  /// x [B, T, C] → [B, T, C]; `options` say which positions see which. Records, within the current
  /// scope, hook_resid_pre, ln1.…, attn.…, hook_attn_out, hook_resid_mid, ln2.…, mlp.…, hook_mlp_out,
  /// hook_resid_post; with post-norm also hook_normalized_resid_mid and hook_normalized_resid_post.
  Var forward(const Var& x, const Pass& pass, const AttentionOptions& options = {}) const;

 private:
  MultiHeadAttention attention_;
  Residual add_norm_1_;
  FeedForward feed_forward_;
  Residual add_norm_2_;
};

/// Keys and values of one decoder block, of its own tokens and of what it decodes.
struct BlockCache {
  KeyValueCache self;
  KeyValueCache cross;
};

/// What a decoder block reads besides its input.
struct DecoderContext {
  AttentionOptions self_options = {};   ///< which positions see which, besides causality
  Var memory = {};                      ///< [B, S, C]: what the encoder gives; only if there is one
  AttentionOptions cross_options = {};  ///< which positions of it are seen
  BlockCache* cache = nullptr;          ///< of what came before x, if x is not the beginning
};

class DecoderBlock {
 public:
  /// Adds to the parameters attn.…, ln1.…, with cross-attention cross_attn.… and the norm after ln1,
  /// mlp.… and one norm more.
  DecoderBlock(Parameters& parameters, const BlockConfig& config, bool cross_attention = false);

  /// x [B, T, C] → [B, T, C]. Records what an encoder block does, and with cross-attention
  /// hook_cross_attn_out and hook_resid_mid_cross. With a cache x are the positions after those in it, and
  /// the memory is read at the first call only.
  Var forward(const Var& x, const Pass& pass, const DecoderContext& context = {}) const;

 private:
  MultiHeadAttention attention_;
  Residual add_norm_1_;
  std::optional<MultiHeadAttention> cross_attention_;
  std::optional<Residual> add_norm_cross_;
  FeedForward feed_forward_;
  Residual add_norm_2_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_NN_BLOCK_H_
