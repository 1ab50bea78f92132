// The numbers and choices that a transformer is made of: one struct for encoder, decoder and both
// together. Its values make it the original transformer, BERT, GPT-2, Llama or T5.
#ifndef CLEARHEAD_MODELS_TRANSFORMER_CONFIG_H_
#define CLEARHEAD_MODELS_TRANSFORMER_CONFIG_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/base/fields.h"
#include "clearhead/nn/block.h"
#include "clearhead/nn/positions.h"

namespace clearhead {

inline constexpr std::string_view kFullAttention = "full_attention";        ///< a layer type
inline constexpr std::string_view kSlidingAttention = "sliding_attention";  ///< another

/// How a transformer knows positions: PositionKind, or rotary, which belongs to attention.
enum class TransformerPositions { none, learned, sinusoidal, rotary, alibi, relative };

/// The sizes and choices of a transformer.
struct TransformerConfig {
  std::int64_t vocabulary = 0;      ///< V; 0 in a recipe: that of its tokenizer
  std::int64_t context = 256;       ///< the most tokens of a sequence
  std::int64_t layers = 6;          ///< of each stack
  std::int64_t decoder_layers = 0;  ///< of the second one; 0: as many as of the first
  std::int64_t heads = 6;           ///< H
  std::int64_t kv_heads = 0;        ///< key/value heads; 0: as many as heads
  std::int64_t channels = 384;      ///< C
  std::int64_t head_size = 0;       ///< numbers of a head; 0: channels/heads
  std::int64_t hidden = 0;          ///< of the feed-forward part; 0: 4·channels
  TransformerPositions positions = TransformerPositions::learned;  ///< how order comes in
  double rotary_theta = 10000;        ///< of `rotary`: the base of its angles
  bool rotary_interleaved = false;    ///< turns pairs of neighbours (GPT-J), not two halves (Llama)
  std::int64_t rotary_size = 0;       ///< numbers of a head that are turned; 0: all
  RotaryScaling rotary_scaling = {};  ///< for texts longer than a model learnt from first
  SinusoidOrder sinusoid_order = SinusoidOrder::pairs;  ///< of `sinusoidal`
  std::int64_t position_offset = 0;  ///< of `learned`: rows before position 0's (RoBERTa: 2)
  std::int64_t token_types = 0;      ///< kinds of tokens that have a vector each (BERT: 2); 0: none
  std::int64_t relative_buckets = 32;    ///< of `relative`: how many distances are told apart
  std::int64_t relative_distance = 128;  ///< from here on all distances share a bucket
  NormKind norm = NormKind::layer;       ///< of all norms
  double norm_epsilon = 1e-5;            ///< added within their square root
  /// Norms stand before the parts of a block (GPT-2), or after (the original).
  bool pre_norm = true;
  bool result_norm = false;                  ///< with pre_norm: also of what a part adds (Gemma 2)
  bool embedding_norm = false;               ///< a norm after the embedding, as BERT has
  Activation activation = Activation::gelu;  ///< of the feed-forward part
  bool gated = false;                        ///< the feed-forward part, as SwiGLU is
  bool bias = true;                          ///< of linear maps and layer norms
  bool attention_bias = false;               ///< of attention's linear maps without `bias` too
  bool out_bias = true;                      ///< if attention has biases, its last map too
  bool qk_norm = false;                      ///< of each head's queries and keys (Qwen3)
  std::int64_t window = 0;                   ///< a token sees as many up to itself; 0: all
  /// Of each layer kSlidingAttention, which has the window, or kFullAttention, which has none;
  /// empty: all have it.
  std::vector<std::string> layer_types = {};
  double score_softcap = 0;      ///< bound on attention's scores (Gemma 2); 0: none
  double logit_softcap = 0;      ///< bound on the logits likewise
  double score_scale = 0;        ///< factor on scores; 0: as `scale_scores` says
  bool scale_scores = true;      ///< by 1/√D; T5 does not
  bool scale_embedding = false;  ///< by √channels, as the original does
  bool tied_embedding = true;    ///< one table to read and to write tokens
  bool scale_logits = false;     ///< by 1/√channels (T5's first version)
  bool logit_bias = false;       ///< a number for each token too (BART); BERT has it in any case
  /// Standard deviation of new matrices (GPT-2: 0.02), multiplied by 1/√(2·layers) for those that
  /// write into the residual stream; 0: Glorot's uniform distribution.
  double init_std = 0.02;

  /// D, of each head.
  std::int64_t size_of_head() const { return head_size == 0 ? channels / heads : head_size; }
  /// Of each head, the numbers that rotary positions turn.
  std::int64_t turned_size() const { return rotary_size == 0 ? size_of_head() : rotary_size; }
  /// Throws Error if the numbers do not fit together.
  void validate() const;
};

/// Its fields as JSON, as models and recipes write them.
void describe(Fields& fields, RotaryScaling& scaling);
/// Likewise.
void describe(Fields& fields, TransformerConfig& config);

// Published transformers in miniature: their choices, with the default sizes above. In a config's
// JSON: "like": "original", "bert", "gpt2", "llama" or "t5".
TransformerConfig original_transformer();  ///< Vaswani et al. 2017
TransformerConfig bert();                  ///< Devlin et al. 2019
TransformerConfig gpt2();                  ///< Radford et al. 2019
TransformerConfig llama();                 ///< Touvron et al. 2023
TransformerConfig t5();                    ///< Raffel et al. 2020, version 1.1

/// What the block of a layer is made of.
BlockConfig block_config(const TransformerConfig& config, std::int64_t layer = 0);
/// What each norm is.
NormConfig norm_config(const TransformerConfig& config);
/// What is added to embeddings and scores. Encoders look both ways: `bidirectional`.
PositionsConfig positions_config(const TransformerConfig& config, bool bidirectional);
/// Throws Error if the config does not fit together.
InitialWeights initial_weights(const TransformerConfig& config, Seed seed);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_TRANSFORMER_CONFIG_H_
