// The block of a transformer, which is a stack of such blocks.
//
//     pre-norm:   x = x + attention(norm_1(x))            GPT-2, Llama, T5
//                 x = x + cross_attention(norm_c(x))      only in the decoder of a pair
//                 x = x + feed_forward(norm_2(x))
//                 with norms of results (Gemma 2): x = x + norm(attention(norm_1(x))), …
//
//     post-norm:  x = norm_1(x + attention(x))            Vaswani et al. 2017, BERT
//                 x = norm_c(x + cross_attention(x))
//                 x = norm_2(x + feed_forward(x))
//
// What is added to x passes dropout first. The config makes it the block of the original
// transformer (post-norm, ReLU), of BERT (post-norm, GELU), GPT-2 (pre-norm, GELU, biases), Llama
// (pre-norm, RMS norm, rotary, SwiGLU, grouped heads, no biases) and T5 (pre-norm, RMS norm, scale
// 1, relative bias, no biases). An encoder's block sees everything, a decoder's only what came
// before.
//
// Source: Vaswani et al., "Attention is all you need" (2017), figure 1; for the sum He et al.,
// "Deep residual learning" (2016); for the place of the norm Xiong et al., "On layer normalization
// in the transformer architecture" (2020).
#ifndef CLEARHEAD_NN_BLOCK_H_
#define CLEARHEAD_NN_BLOCK_H_

#include <optional>

#include "clearhead/nn/dropout.h"
#include "clearhead/nn/feed_forward.h"
#include "clearhead/nn/multi_head_attention.h"
#include "clearhead/nn/norm.h"

namespace clearhead {

/// What one block is made of.
struct BlockConfig {
  /// Of self-attention, and of cross-attention but for rotary positions and the window.
  MultiHeadAttentionConfig attention = {};
  FeedForwardConfig feed_forward = {};  ///< of its second part
  NormConfig norm = {};                 ///< of all its norms
  bool pre_norm = true;                 ///< norms before the parts, or after them
  bool result_norm = false;             ///< with pre_norm: also of what a part adds (Gemma 2)
};

/// Keys and values of one block: of its own tokens, and of the memory of the encoder.
struct BlockCache {
  KeyValueCache self;   ///< of the tokens before
  KeyValueCache cross;  ///< of the memory
};

/// What a block reads besides its input.
struct BlockContext {
  Visibility own = {};          ///< which positions of x see which: causal in a decoder
  Var memory = {};              ///< [B, S, C]: what the encoder gives, for cross-attention
  Visibility of_memory = {};    ///< which positions of it are seen
  BlockCache* cache = nullptr;  ///< of the tokens before x, if x is not the beginning
};

/// Attention, and a feed-forward part, each with a norm and added to what it got.
class Block {
 public:
  /// Adds to the parameters attn.…, ln1.…, with cross-attention cross_attn.… and ln2.…, mlp.… and
  /// one norm more, ln2.… or ln3.…; with norms of results ln1_post.… and ln2_post.…. Throws Error
  /// if such norms are asked for without pre_norm or with cross-attention.
  Block(Parameters& parameters, const BlockConfig& config, bool cross_attention = false);

  /// x [B, T, C] → [B, T, C]. Records, within the current scope, hook_resid_pre, ln1.…, attn.…,
  /// hook_attn_out, hook_resid_mid, ln2.…, mlp.…, hook_mlp_out, hook_resid_post; with post-norm
  /// also hook_normalized_resid_mid and hook_normalized_resid_post; with cross-attention
  /// cross_attn.…, hook_cross_attn_out and hook_resid_mid_cross. With a cache x are the positions
  /// after those in it, and the memory is read at the first call only.
  Var forward(const Var& x, const Pass& pass, const BlockContext& context = {}) const;

 private:
  Var self_attention(const Var& x, const Pass& pass, const BlockContext& context) const;
  Var cross_attention(const Var& x, const Pass& pass, const BlockContext& context) const;
  Var feed_forward(const Var& x, const Pass& pass) const;

  bool pre_norm_;
  MultiHeadAttention attention_;
  Norm norm_1_;
  std::optional<MultiHeadAttention> cross_attention_;
  std::optional<Norm> norm_cross_;
  FeedForward feed_forward_;
  Norm norm_2_;
  std::optional<Norm> result_norm_1_, result_norm_2_;
  Dropout dropout_1_, dropout_cross_, dropout_2_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_NN_BLOCK_H_
