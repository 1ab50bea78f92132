// How the tensors of each model type are called. Not for use outside this folder.
//
// Source: the modeling files of Hugging Face's transformers.
#ifndef CLEARHEAD_MODELS_HUGGING_FACE_NAMES_INTERNAL_H_
#define CLEARHEAD_MODELS_HUGGING_FACE_NAMES_INTERNAL_H_

#include "clearhead/models/hugging_face_internal.h"

namespace clearhead {

/// What stands beside a stack: names that begin so have no prefix.
inline constexpr std::string_view kBesideStack[] = {
    "lm_head.", "cls.", "classifier.", "pre_classifier.", "vocab_", "final_logits_bias"};

/// Llama and its like, without their norms; each has some of the biases, or none.
inline constexpr TensorNames kLlamaNames[] = {
    {"embed.W_E", "embed_tokens.weight"},
    {"blocks.{}.attn.W_Q", "layers.{}.self_attn.q_proj.weight"},
    {"blocks.{}.attn.W_K", "layers.{}.self_attn.k_proj.weight"},
    {"blocks.{}.attn.W_V", "layers.{}.self_attn.v_proj.weight"},
    {"blocks.{}.attn.W_O", "layers.{}.self_attn.o_proj.weight"},
    {"blocks.{}.attn.b_Q", "layers.{}.self_attn.q_proj.bias"},
    {"blocks.{}.attn.b_K", "layers.{}.self_attn.k_proj.bias"},
    {"blocks.{}.attn.b_V", "layers.{}.self_attn.v_proj.bias"},
    {"blocks.{}.attn.b_O", "layers.{}.self_attn.o_proj.bias"},
    {"blocks.{}.mlp.W_gate", "layers.{}.mlp.gate_proj.weight"},
    {"blocks.{}.mlp.W_in", "layers.{}.mlp.up_proj.weight"},
    {"blocks.{}.mlp.W_out", "layers.{}.mlp.down_proj.weight"},
    {"unembed.W_U", "lm_head.weight"},
    {"", "layers.{}.self_attn.rotary_emb.inv_freq"},
};

/// Their norms; Qwen3 has those of queries and keys.
inline constexpr TensorNames kLlamaNormNames[] = {
    {"blocks.{}.ln1.w", "layers.{}.input_layernorm.weight"},
    {"blocks.{}.attn.q_norm.w", "layers.{}.self_attn.q_norm.weight"},
    {"blocks.{}.attn.k_norm.w", "layers.{}.self_attn.k_norm.weight"},
    {"blocks.{}.ln2.w", "layers.{}.post_attention_layernorm.weight"},
    {"ln_final.w", "norm.weight"},
};

/// Gemma's norms.
inline constexpr TensorNames kGemmaNormNames[] = {
    {"blocks.{}.ln1.w", "layers.{}.input_layernorm.weight", Stored::less_one},
    {"blocks.{}.ln2.w", "layers.{}.post_attention_layernorm.weight", Stored::less_one},
    {"ln_final.w", "norm.weight", Stored::less_one},
};

/// Those of Gemma 2, around each part.
inline constexpr TensorNames kGemma2NormNames[] = {
    {"blocks.{}.ln1.w", "layers.{}.input_layernorm.weight", Stored::less_one},
    {"blocks.{}.ln1_post.w", "layers.{}.post_attention_layernorm.weight", Stored::less_one},
    {"blocks.{}.ln2.w", "layers.{}.pre_feedforward_layernorm.weight", Stored::less_one},
    {"blocks.{}.ln2_post.w", "layers.{}.post_feedforward_layernorm.weight", Stored::less_one},
    {"ln_final.w", "norm.weight", Stored::less_one},
};

/// Phi-3, whose maps are stacked, without its norms.
inline constexpr TensorNames kPhi3Names[] = {
    {"embed.W_E", "embed_tokens.weight"},
    {"blocks.{}.attn.W_Q", "layers.{}.self_attn.qkv_proj.weight"},
    {"blocks.{}.attn.W_K", "layers.{}.self_attn.qkv_proj.weight"},
    {"blocks.{}.attn.W_V", "layers.{}.self_attn.qkv_proj.weight"},
    {"blocks.{}.attn.W_O", "layers.{}.self_attn.o_proj.weight"},
    {"blocks.{}.mlp.W_gate", "layers.{}.mlp.gate_up_proj.weight"},
    {"blocks.{}.mlp.W_in", "layers.{}.mlp.gate_up_proj.weight"},
    {"blocks.{}.mlp.W_out", "layers.{}.mlp.down_proj.weight"},
    {"unembed.W_U", "lm_head.weight"},
};

/// GPT-2, whose matrices are [in, out].
inline constexpr TensorNames kGpt2Names[] = {
    {"embed.W_E", "wte.weight"},
    {"pos_embed.W_pos", "wpe.weight"},
    {"blocks.{}.ln1.w", "h.{}.ln_1.weight"},
    {"blocks.{}.ln1.b", "h.{}.ln_1.bias"},
    {"blocks.{}.attn.W_Q", "h.{}.attn.c_attn.weight", Stored::transposed},
    {"blocks.{}.attn.W_K", "h.{}.attn.c_attn.weight", Stored::transposed},
    {"blocks.{}.attn.W_V", "h.{}.attn.c_attn.weight", Stored::transposed},
    {"blocks.{}.attn.b_Q", "h.{}.attn.c_attn.bias"},
    {"blocks.{}.attn.b_K", "h.{}.attn.c_attn.bias"},
    {"blocks.{}.attn.b_V", "h.{}.attn.c_attn.bias"},
    {"blocks.{}.attn.W_O", "h.{}.attn.c_proj.weight", Stored::transposed},
    {"blocks.{}.attn.b_O", "h.{}.attn.c_proj.bias"},
    {"blocks.{}.ln2.w", "h.{}.ln_2.weight"},
    {"blocks.{}.ln2.b", "h.{}.ln_2.bias"},
    {"blocks.{}.mlp.W_in", "h.{}.mlp.c_fc.weight", Stored::transposed},
    {"blocks.{}.mlp.b_in", "h.{}.mlp.c_fc.bias"},
    {"blocks.{}.mlp.W_out", "h.{}.mlp.c_proj.weight", Stored::transposed},
    {"blocks.{}.mlp.b_out", "h.{}.mlp.c_proj.bias"},
    {"ln_final.w", "ln_f.weight"},
    {"ln_final.b", "ln_f.bias"},
    {"unembed.W_U", "lm_head.weight"},
    {"", "h.{}.attn.bias"},  // the causal mask
    {"", "h.{}.attn.masked_bias"},
};

/// The stack of BERT and RoBERTa.
inline constexpr TensorNames kBertNames[] = {
    {"embed.W_E", "embeddings.word_embeddings.weight"},
    {"pos_embed.W_pos", "embeddings.position_embeddings.weight"},
    {"token_type_embed.W_token_type", "embeddings.token_type_embeddings.weight"},
    {"ln_embed.w", "embeddings.LayerNorm.weight"},
    {"ln_embed.b", "embeddings.LayerNorm.bias"},
    {"blocks.{}.attn.W_Q", "encoder.layer.{}.attention.self.query.weight"},
    {"blocks.{}.attn.b_Q", "encoder.layer.{}.attention.self.query.bias"},
    {"blocks.{}.attn.W_K", "encoder.layer.{}.attention.self.key.weight"},
    {"blocks.{}.attn.b_K", "encoder.layer.{}.attention.self.key.bias"},
    {"blocks.{}.attn.W_V", "encoder.layer.{}.attention.self.value.weight"},
    {"blocks.{}.attn.b_V", "encoder.layer.{}.attention.self.value.bias"},
    {"blocks.{}.attn.W_O", "encoder.layer.{}.attention.output.dense.weight"},
    {"blocks.{}.attn.b_O", "encoder.layer.{}.attention.output.dense.bias"},
    {"blocks.{}.ln1.w", "encoder.layer.{}.attention.output.LayerNorm.weight"},
    {"blocks.{}.ln1.b", "encoder.layer.{}.attention.output.LayerNorm.bias"},
    {"blocks.{}.mlp.W_in", "encoder.layer.{}.intermediate.dense.weight"},
    {"blocks.{}.mlp.b_in", "encoder.layer.{}.intermediate.dense.bias"},
    {"blocks.{}.mlp.W_out", "encoder.layer.{}.output.dense.weight"},
    {"blocks.{}.mlp.b_out", "encoder.layer.{}.output.dense.bias"},
    {"blocks.{}.ln2.w", "encoder.layer.{}.output.LayerNorm.weight"},
    {"blocks.{}.ln2.b", "encoder.layer.{}.output.LayerNorm.bias"},
};

/// What stands on BERT's.
inline constexpr TensorNames kBertHeadNames[] = {
    {"mlm_head.W", "cls.predictions.transform.dense.weight"},
    {"mlm_head.b", "cls.predictions.transform.dense.bias"},
    {"mlm_head.ln.w", "cls.predictions.transform.LayerNorm.weight"},
    {"mlm_head.ln.b", "cls.predictions.transform.LayerNorm.bias"},
    {"unembed.W_U", "cls.predictions.decoder.weight"},
    {"unembed.b_U", "cls.predictions.bias"},
    {"pooler.W", "pooler.dense.weight"},
    {"pooler.b", "pooler.dense.bias"},
    {"classifier.W", "classifier.weight"},
    {"classifier.b", "classifier.bias"},
    {"", "cls.seq_relationship.weight"},  // whether one text follows another
    {"", "cls.seq_relationship.bias"},
    {"", "embeddings.position_ids"},
};

/// What stands on RoBERTa's.
inline constexpr TensorNames kRobertaHeadNames[] = {
    {"mlm_head.W", "lm_head.dense.weight"},
    {"mlm_head.b", "lm_head.dense.bias"},
    {"mlm_head.ln.w", "lm_head.layer_norm.weight"},
    {"mlm_head.ln.b", "lm_head.layer_norm.bias"},
    {"unembed.W_U", "lm_head.decoder.weight"},
    {"unembed.b_U", "lm_head.bias"},
    {"pooler.W", "classifier.dense.weight"},
    {"pooler.b", "classifier.dense.bias"},
    {"classifier.W", "classifier.out_proj.weight"},
    {"classifier.b", "classifier.out_proj.bias"},
    {"", "pooler.dense.weight"},  // of no architecture here
    {"", "pooler.dense.bias"},
    {"", "embeddings.position_ids"},
};

/// DistilBERT.
inline constexpr TensorNames kDistilbertNames[] = {
    {"embed.W_E", "embeddings.word_embeddings.weight"},
    {"pos_embed.W_pos", "embeddings.position_embeddings.weight"},
    {"ln_embed.w", "embeddings.LayerNorm.weight"},
    {"ln_embed.b", "embeddings.LayerNorm.bias"},
    {"blocks.{}.attn.W_Q", "transformer.layer.{}.attention.q_lin.weight"},
    {"blocks.{}.attn.b_Q", "transformer.layer.{}.attention.q_lin.bias"},
    {"blocks.{}.attn.W_K", "transformer.layer.{}.attention.k_lin.weight"},
    {"blocks.{}.attn.b_K", "transformer.layer.{}.attention.k_lin.bias"},
    {"blocks.{}.attn.W_V", "transformer.layer.{}.attention.v_lin.weight"},
    {"blocks.{}.attn.b_V", "transformer.layer.{}.attention.v_lin.bias"},
    {"blocks.{}.attn.W_O", "transformer.layer.{}.attention.out_lin.weight"},
    {"blocks.{}.attn.b_O", "transformer.layer.{}.attention.out_lin.bias"},
    {"blocks.{}.ln1.w", "transformer.layer.{}.sa_layer_norm.weight"},
    {"blocks.{}.ln1.b", "transformer.layer.{}.sa_layer_norm.bias"},
    {"blocks.{}.mlp.W_in", "transformer.layer.{}.ffn.lin1.weight"},
    {"blocks.{}.mlp.b_in", "transformer.layer.{}.ffn.lin1.bias"},
    {"blocks.{}.mlp.W_out", "transformer.layer.{}.ffn.lin2.weight"},
    {"blocks.{}.mlp.b_out", "transformer.layer.{}.ffn.lin2.bias"},
    {"blocks.{}.ln2.w", "transformer.layer.{}.output_layer_norm.weight"},
    {"blocks.{}.ln2.b", "transformer.layer.{}.output_layer_norm.bias"},
    {"mlm_head.W", "vocab_transform.weight"},
    {"mlm_head.b", "vocab_transform.bias"},
    {"mlm_head.ln.w", "vocab_layer_norm.weight"},
    {"mlm_head.ln.b", "vocab_layer_norm.bias"},
    {"unembed.W_U", "vocab_projector.weight"},
    {"unembed.b_U", "vocab_projector.bias"},
    {"pooler.W", "pre_classifier.weight"},
    {"pooler.b", "pre_classifier.bias"},
    {"classifier.W", "classifier.weight"},
    {"classifier.b", "classifier.bias"},
};

/// BART and Marian.
inline constexpr TensorNames kBartNames[] = {
    {"embed.W_E", "shared.weight"},
    {"embed.W_E", "encoder.embed_tokens.weight"},
    {"embed.W_E", "decoder.embed_tokens.weight"},
    {"encoder.pos_embed.W_pos", "encoder.embed_positions.weight"},
    {"encoder.ln_embed.w", "encoder.layernorm_embedding.weight"},
    {"encoder.ln_embed.b", "encoder.layernorm_embedding.bias"},
    {"encoder.blocks.{}.attn.W_Q", "encoder.layers.{}.self_attn.q_proj.weight"},
    {"encoder.blocks.{}.attn.b_Q", "encoder.layers.{}.self_attn.q_proj.bias"},
    {"encoder.blocks.{}.attn.W_K", "encoder.layers.{}.self_attn.k_proj.weight"},
    {"encoder.blocks.{}.attn.b_K", "encoder.layers.{}.self_attn.k_proj.bias"},
    {"encoder.blocks.{}.attn.W_V", "encoder.layers.{}.self_attn.v_proj.weight"},
    {"encoder.blocks.{}.attn.b_V", "encoder.layers.{}.self_attn.v_proj.bias"},
    {"encoder.blocks.{}.attn.W_O", "encoder.layers.{}.self_attn.out_proj.weight"},
    {"encoder.blocks.{}.attn.b_O", "encoder.layers.{}.self_attn.out_proj.bias"},
    {"encoder.blocks.{}.ln1.w", "encoder.layers.{}.self_attn_layer_norm.weight"},
    {"encoder.blocks.{}.ln1.b", "encoder.layers.{}.self_attn_layer_norm.bias"},
    {"encoder.blocks.{}.mlp.W_in", "encoder.layers.{}.fc1.weight"},
    {"encoder.blocks.{}.mlp.b_in", "encoder.layers.{}.fc1.bias"},
    {"encoder.blocks.{}.mlp.W_out", "encoder.layers.{}.fc2.weight"},
    {"encoder.blocks.{}.mlp.b_out", "encoder.layers.{}.fc2.bias"},
    {"encoder.blocks.{}.ln2.w", "encoder.layers.{}.final_layer_norm.weight"},
    {"encoder.blocks.{}.ln2.b", "encoder.layers.{}.final_layer_norm.bias"},
    {"decoder.pos_embed.W_pos", "decoder.embed_positions.weight"},
    {"decoder.ln_embed.w", "decoder.layernorm_embedding.weight"},
    {"decoder.ln_embed.b", "decoder.layernorm_embedding.bias"},
    {"decoder.blocks.{}.attn.W_Q", "decoder.layers.{}.self_attn.q_proj.weight"},
    {"decoder.blocks.{}.attn.b_Q", "decoder.layers.{}.self_attn.q_proj.bias"},
    {"decoder.blocks.{}.attn.W_K", "decoder.layers.{}.self_attn.k_proj.weight"},
    {"decoder.blocks.{}.attn.b_K", "decoder.layers.{}.self_attn.k_proj.bias"},
    {"decoder.blocks.{}.attn.W_V", "decoder.layers.{}.self_attn.v_proj.weight"},
    {"decoder.blocks.{}.attn.b_V", "decoder.layers.{}.self_attn.v_proj.bias"},
    {"decoder.blocks.{}.attn.W_O", "decoder.layers.{}.self_attn.out_proj.weight"},
    {"decoder.blocks.{}.attn.b_O", "decoder.layers.{}.self_attn.out_proj.bias"},
    {"decoder.blocks.{}.ln1.w", "decoder.layers.{}.self_attn_layer_norm.weight"},
    {"decoder.blocks.{}.ln1.b", "decoder.layers.{}.self_attn_layer_norm.bias"},
    {"decoder.blocks.{}.cross_attn.W_Q", "decoder.layers.{}.encoder_attn.q_proj.weight"},
    {"decoder.blocks.{}.cross_attn.b_Q", "decoder.layers.{}.encoder_attn.q_proj.bias"},
    {"decoder.blocks.{}.cross_attn.W_K", "decoder.layers.{}.encoder_attn.k_proj.weight"},
    {"decoder.blocks.{}.cross_attn.b_K", "decoder.layers.{}.encoder_attn.k_proj.bias"},
    {"decoder.blocks.{}.cross_attn.W_V", "decoder.layers.{}.encoder_attn.v_proj.weight"},
    {"decoder.blocks.{}.cross_attn.b_V", "decoder.layers.{}.encoder_attn.v_proj.bias"},
    {"decoder.blocks.{}.cross_attn.W_O", "decoder.layers.{}.encoder_attn.out_proj.weight"},
    {"decoder.blocks.{}.cross_attn.b_O", "decoder.layers.{}.encoder_attn.out_proj.bias"},
    {"decoder.blocks.{}.ln2.w", "decoder.layers.{}.encoder_attn_layer_norm.weight"},
    {"decoder.blocks.{}.ln2.b", "decoder.layers.{}.encoder_attn_layer_norm.bias"},
    {"decoder.blocks.{}.mlp.W_in", "decoder.layers.{}.fc1.weight"},
    {"decoder.blocks.{}.mlp.b_in", "decoder.layers.{}.fc1.bias"},
    {"decoder.blocks.{}.mlp.W_out", "decoder.layers.{}.fc2.weight"},
    {"decoder.blocks.{}.mlp.b_out", "decoder.layers.{}.fc2.bias"},
    {"decoder.blocks.{}.ln3.w", "decoder.layers.{}.final_layer_norm.weight"},
    {"decoder.blocks.{}.ln3.b", "decoder.layers.{}.final_layer_norm.bias"},
    {"unembed.W_U", "lm_head.weight"},
    {"unembed.b_U", "final_logits_bias", Stored::row},
};

/// T5, whose layers share the biases of the first. If the feed-forward part is gated, W_in has
/// another name.
inline constexpr TensorNames kT5Names[] = {
    {"embed.W_E", "shared.weight"},
    {"embed.W_E", "encoder.embed_tokens.weight"},
    {"embed.W_E", "decoder.embed_tokens.weight"},
    {"encoder.pos_embed.rel_attn_bias",
     "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"},
    {"encoder.blocks.{}.ln1.w", "encoder.block.{}.layer.0.layer_norm.weight"},
    {"encoder.blocks.{}.attn.W_Q", "encoder.block.{}.layer.0.SelfAttention.q.weight"},
    {"encoder.blocks.{}.attn.W_K", "encoder.block.{}.layer.0.SelfAttention.k.weight"},
    {"encoder.blocks.{}.attn.W_V", "encoder.block.{}.layer.0.SelfAttention.v.weight"},
    {"encoder.blocks.{}.attn.W_O", "encoder.block.{}.layer.0.SelfAttention.o.weight"},
    {"encoder.blocks.{}.ln2.w", "encoder.block.{}.layer.1.layer_norm.weight"},
    {"encoder.blocks.{}.mlp.W_gate", "encoder.block.{}.layer.1.DenseReluDense.wi_0.weight"},
    {"encoder.blocks.{}.mlp.W_in", "encoder.block.{}.layer.1.DenseReluDense.wi_1.weight",
     Stored::as_is, "encoder.blocks.{}.mlp.W_gate"},
    {"encoder.blocks.{}.mlp.W_in", "encoder.block.{}.layer.1.DenseReluDense.wi.weight"},
    {"encoder.blocks.{}.mlp.W_out", "encoder.block.{}.layer.1.DenseReluDense.wo.weight"},
    {"encoder.ln_final.w", "encoder.final_layer_norm.weight"},
    {"decoder.pos_embed.rel_attn_bias",
     "decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"},
    {"decoder.blocks.{}.ln1.w", "decoder.block.{}.layer.0.layer_norm.weight"},
    {"decoder.blocks.{}.attn.W_Q", "decoder.block.{}.layer.0.SelfAttention.q.weight"},
    {"decoder.blocks.{}.attn.W_K", "decoder.block.{}.layer.0.SelfAttention.k.weight"},
    {"decoder.blocks.{}.attn.W_V", "decoder.block.{}.layer.0.SelfAttention.v.weight"},
    {"decoder.blocks.{}.attn.W_O", "decoder.block.{}.layer.0.SelfAttention.o.weight"},
    {"decoder.blocks.{}.ln2.w", "decoder.block.{}.layer.1.layer_norm.weight"},
    {"decoder.blocks.{}.cross_attn.W_Q", "decoder.block.{}.layer.1.EncDecAttention.q.weight"},
    {"decoder.blocks.{}.cross_attn.W_K", "decoder.block.{}.layer.1.EncDecAttention.k.weight"},
    {"decoder.blocks.{}.cross_attn.W_V", "decoder.block.{}.layer.1.EncDecAttention.v.weight"},
    {"decoder.blocks.{}.cross_attn.W_O", "decoder.block.{}.layer.1.EncDecAttention.o.weight"},
    {"decoder.blocks.{}.ln3.w", "decoder.block.{}.layer.2.layer_norm.weight"},
    {"decoder.blocks.{}.mlp.W_gate", "decoder.block.{}.layer.2.DenseReluDense.wi_0.weight"},
    {"decoder.blocks.{}.mlp.W_in", "decoder.block.{}.layer.2.DenseReluDense.wi_1.weight",
     Stored::as_is, "decoder.blocks.{}.mlp.W_gate"},
    {"decoder.blocks.{}.mlp.W_in", "decoder.block.{}.layer.2.DenseReluDense.wi.weight"},
    {"decoder.blocks.{}.mlp.W_out", "decoder.block.{}.layer.2.DenseReluDense.wo.weight"},
    {"decoder.ln_final.w", "decoder.final_layer_norm.weight"},
    {"unembed.W_U", "lm_head.weight"},
    {"", "decoder.block.{}.layer.1.EncDecAttention.relative_attention_bias.weight"},  // never used
};

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_HUGGING_FACE_NAMES_INTERNAL_H_
