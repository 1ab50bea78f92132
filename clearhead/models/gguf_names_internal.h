// How GGUF files call the tensors and settings of each architecture. Not for use outside this
// folder.
//
// Source: gguf-py/gguf/constants.py of https://github.com/ggml-org/llama.cpp
#ifndef CLEARHEAD_MODELS_GGUF_NAMES_INTERNAL_H_
#define CLEARHEAD_MODELS_GGUF_NAMES_INTERNAL_H_

#include <span>
#include <string_view>

#include "clearhead/models/hugging_face_internal.h"

namespace clearhead {

// ---- Tensors ----

/// Those of all architectures; of biases each has some, or none.
inline constexpr TensorNames kGgufNames[] = {
    {"embed.W_E", "token_embd.weight"},
    {"blocks.{}.ln1.w", "blk.{}.attn_norm.weight"},
    {"blocks.{}.ln1.b", "blk.{}.attn_norm.bias"},
    {"blocks.{}.attn.W_Q", "blk.{}.attn_q.weight"},
    {"blocks.{}.attn.W_K", "blk.{}.attn_k.weight"},
    {"blocks.{}.attn.W_V", "blk.{}.attn_v.weight"},
    {"blocks.{}.attn.b_Q", "blk.{}.attn_q.bias"},
    {"blocks.{}.attn.b_K", "blk.{}.attn_k.bias"},
    {"blocks.{}.attn.b_V", "blk.{}.attn_v.bias"},
    {"blocks.{}.attn.q_norm.w", "blk.{}.attn_q_norm.weight"},
    {"blocks.{}.attn.k_norm.w", "blk.{}.attn_k_norm.weight"},
    {"blocks.{}.attn.W_O", "blk.{}.attn_output.weight"},
    {"blocks.{}.attn.b_O", "blk.{}.attn_output.bias"},
    {"blocks.{}.ln2.w", "blk.{}.ffn_norm.weight"},
    {"blocks.{}.ln2.b", "blk.{}.ffn_norm.bias"},
    {"blocks.{}.mlp.W_gate", "blk.{}.ffn_gate.weight"},
    {"blocks.{}.mlp.W_in", "blk.{}.ffn_up.weight"},
    {"blocks.{}.mlp.b_in", "blk.{}.ffn_up.bias"},
    {"blocks.{}.mlp.W_out", "blk.{}.ffn_down.weight"},
    {"blocks.{}.mlp.b_out", "blk.{}.ffn_down.bias"},
    {"ln_final.w", "output_norm.weight"},
    {"unembed.W_U", "output.weight"},
};

/// What Llama and its like have too.
inline constexpr TensorNames kGgufLlamaNames[] = {
    {"", "rope_freqs.weight"},  // read with the settings
};

/// Gemma 2's norms of what a part adds.
inline constexpr TensorNames kGgufGemma2Names[] = {
    {"blocks.{}.ln1_post.w", "blk.{}.post_attention_norm.weight"},
    {"blocks.{}.ln2_post.w", "blk.{}.post_ffw_norm.weight"},
};

/// Phi-3, whose maps are stacked.
inline constexpr TensorNames kGgufPhi3Names[] = {
    {"blocks.{}.attn.W_Q", "blk.{}.attn_qkv.weight"},
    {"blocks.{}.attn.W_K", "blk.{}.attn_qkv.weight"},
    {"blocks.{}.attn.W_V", "blk.{}.attn_qkv.weight"},
    {"blocks.{}.mlp.W_gate", "blk.{}.ffn_up.weight"},
};

/// GPT-2.
inline constexpr TensorNames kGgufGpt2Names[] = {
    {"pos_embed.W_pos", "position_embd.weight"},
    {"blocks.{}.attn.W_Q", "blk.{}.attn_qkv.weight"},
    {"blocks.{}.attn.W_K", "blk.{}.attn_qkv.weight"},
    {"blocks.{}.attn.W_V", "blk.{}.attn_qkv.weight"},
    {"blocks.{}.attn.b_Q", "blk.{}.attn_qkv.bias"},
    {"blocks.{}.attn.b_K", "blk.{}.attn_qkv.bias"},
    {"blocks.{}.attn.b_V", "blk.{}.attn_qkv.bias"},
    {"ln_final.b", "output_norm.bias"},
};

/// BERT.
inline constexpr TensorNames kGgufBertNames[] = {
    {"pos_embed.W_pos", "position_embd.weight"},
    {"token_type_embed.W_token_type", "token_types.weight"},
    {"ln_embed.w", "token_embd_norm.weight"},
    {"ln_embed.b", "token_embd_norm.bias"},
    {"blocks.{}.ln1.w", "blk.{}.attn_output_norm.weight"},
    {"blocks.{}.ln1.b", "blk.{}.attn_output_norm.bias"},
    {"blocks.{}.ln2.w", "blk.{}.layer_output_norm.weight"},
    {"blocks.{}.ln2.b", "blk.{}.layer_output_norm.bias"},
};

// ---- Settings ----

/// The setting "ARCHITECTURE.theirs" is the field `ours` of config.json, "a/b" one of an object.
struct SettingName {
  std::string_view theirs;
  std::string_view ours;  ///< empty: it has no effect, or is read apart
  bool is_needed = false;
};

/// Those of Llama and its like.
inline constexpr SettingName kGgufLlamaSettings[] = {
    {"context_length", "max_position_embeddings", true},
    {"embedding_length", "hidden_size", true},
    {"block_count", "num_hidden_layers", true},
    {"feed_forward_length", "intermediate_size", true},
    {"attention.head_count", "num_attention_heads", true},
    {"attention.head_count_kv", "num_key_value_heads"},
    {"attention.key_length", "head_dim"},
    {"attention.value_length", ""},
    {"attention.layer_norm_rms_epsilon", "rms_norm_eps", true},
    {"attention.sliding_window", "sliding_window"},
    {"attn_logit_softcapping", "attn_logit_softcapping"},
    {"final_logit_softcapping", "final_logit_softcapping"},
    {"rope.dimension_count", ""},
    {"rope.freq_base", "rope_theta"},
    {"rope.scaling.type", "rope_scaling/rope_type"},
    {"rope.scaling.factor", "rope_scaling/factor"},
    {"rope.scaling.original_context_length", "rope_scaling/original_max_position_embeddings"},
    {"rope.scaling.yarn_attn_factor", "rope_scaling/attention_factor"},
    {"rope.scaling.yarn_beta_fast", "rope_scaling/beta_fast"},
    {"rope.scaling.yarn_beta_slow", "rope_scaling/beta_slow"},
    {"rope.scaling.finetuned", ""},
    {"attention.causal", ""},
    {"pooling_type", ""},
    {"vocab_size", ""},
    {"tensor_data_layout", ""},
};

/// GPT-2's.
inline constexpr SettingName kGgufGpt2Settings[] = {
    {"context_length", "n_positions", true},
    {"embedding_length", "n_embd", true},
    {"block_count", "n_layer", true},
    {"feed_forward_length", "n_inner"},
    {"attention.head_count", "n_head", true},
    {"attention.layer_norm_epsilon", "layer_norm_epsilon", true},
    {"attention.causal", ""},
    {"vocab_size", ""},
};

/// BERT's.
inline constexpr SettingName kGgufBertSettings[] = {
    {"context_length", "max_position_embeddings", true},
    {"embedding_length", "hidden_size", true},
    {"block_count", "num_hidden_layers", true},
    {"feed_forward_length", "intermediate_size", true},
    {"attention.head_count", "num_attention_heads", true},
    {"attention.layer_norm_epsilon", "layer_norm_eps", true},
    {"attention.causal", ""},
    {"pooling_type", ""},
    {"vocab_size", ""},
};

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_GGUF_NAMES_INTERNAL_H_
