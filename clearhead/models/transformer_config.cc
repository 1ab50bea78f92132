// The config of transformers: its checks, its fields, and the published configs by name.
#include "clearhead/models/transformer_config.h"

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

constexpr std::int64_t kMany = std::int64_t{1} << 20;  // more than fits into memory

void validate_layer_types(const TransformerConfig& config) {
  const std::vector<std::string>& types = config.layer_types;
  if (types.empty()) return;
  if (config.decoder_layers != 0 && config.decoder_layers != config.layers) {
    throw Error("model: layer_types go with as many decoder_layers as layers");
  }
  if (std::ssize(types) != config.layers) {
    throw Error("model: layer_types names " + std::to_string(types.size()) +
                " layers, and there "
                "are " +
                std::to_string(config.layers));
  }
  for (const std::string& type : types) {
    if (type != kFullAttention && type != kSlidingAttention) {
      throw Error("model: layer_types: expected " + std::string(kFullAttention) + " or " +
                  std::string(kSlidingAttention) + ", got \"" + type + "\"");
    }
  }
}

}  // namespace

void TransformerConfig::validate() const {
  if (vocabulary < 1 || context < 1 || layers < 1 || heads < 1) {
    throw Error("model: expected a vocabulary, a context, layers and heads of at least 1, got " +
                std::to_string(vocabulary) + ", " + std::to_string(context) + ", " +
                std::to_string(layers) + " and " + std::to_string(heads));
  }
  if (channels < 1 || head_size < 0 || kv_heads < 0 || hidden < 0 || decoder_layers < 0) {
    throw Error(
        "model: expected channels of at least 1, head_size, kv_heads, hidden and decoder_layers of "
        "at least 0, got " +
        std::to_string(channels) + ", " + std::to_string(head_size) + ", " +
        std::to_string(kv_heads) + ", " + std::to_string(hidden) + " and " +
        std::to_string(decoder_layers));
  }
  if (head_size == 0 && channels % heads != 0) {
    throw Error("model: channels " + std::to_string(channels) + " do not divide into " +
                std::to_string(heads) + " heads; choose a multiple of heads, or give head_size");
  }
  if (kv_heads > 0 && heads % kv_heads != 0) {
    throw Error("model: heads " + std::to_string(heads) + " are no multiple of kv_heads " +
                std::to_string(kv_heads) + "; each of those serves as many heads");
  }
  if (positions == TransformerPositions::rotary &&
      (turned_size() % 2 != 0 || turned_size() > size_of_head())) {
    throw Error("model: rotary positions turn pairs of channels, and a head has " +
                std::to_string(size_of_head()) + " (rotary_size: " + std::to_string(rotary_size) +
                "); choose other channels, heads, head_size or rotary_size");
  }
  validate_layer_types(*this);
  if (positions == TransformerPositions::relative && relative_distance <= relative_buckets / 2) {
    throw Error("model: relative_distance " + std::to_string(relative_distance) +
                " must be beyond half of the relative_buckets, " +
                std::to_string(relative_buckets) + ": those have a distance each");
  }
}

void describe(Fields& fields, RotaryScaling& scaling) {
  fields.choice("kind", scaling.kind,
                {{"none", RotaryScalingKind::none},
                 {"linear", RotaryScalingKind::linear},
                 {"dynamic", RotaryScalingKind::dynamic},
                 {"llama3", RotaryScalingKind::llama3},
                 {"yarn", RotaryScalingKind::yarn}},
                "how angles are stretched");
  fields.number("factor", scaling.factor, {0, 1e6}, "how many times longer texts become");
  fields.integer("original_length", scaling.original_length, {0, kMany * kMany},
                 "of the texts learnt from first; not of linear");
  fields.number("low_frequency", scaling.low_frequency, {0, 1e6},
                "of llama3: slower angles are divided by the factor");
  fields.number("high_frequency", scaling.high_frequency, {0, 1e6},
                "of llama3: faster angles are kept");
  fields.number("beta_fast", scaling.beta_fast, {0, 1e6}, "of yarn: faster angles are kept");
  fields.number("beta_slow", scaling.beta_slow, {0, 1e6},
                "of yarn: slower angles are divided by the factor");
  fields.number("length_factor", scaling.length_factor, {0, 1e6},
                "of yarn: how much longer queries and keys become");
}

void describe(Fields& fields, TransformerConfig& config) {
  fields.like("like", config,
              {{"original", original_transformer()},
               {"bert", bert()},
               {"gpt2", gpt2()},
               {"llama", llama()},
               {"t5", t5()}},
              "the choices of a published network; fields beside it change them");
  fields.integer("vocabulary", config.vocabulary, {0, kMany},
                 "tokens; 0 in a recipe: those of its tokenizer");
  fields.integer("context", config.context, {1, kMany}, "the most tokens of a sequence");
  fields.integer("layers", config.layers, {1, 1000}, "blocks of each stack");
  fields.integer("decoder_layers", config.decoder_layers, {0, 1000},
                 "blocks of the stack that writes, if it has others; 0: as many as layers");
  fields.integer("heads", config.heads, {1, 1000}, "attentions side by side");
  fields.integer("kv_heads", config.kv_heads, {0, 1000},
                 "key/value heads, a divisor of heads; 0: as many as heads");
  fields.integer("channels", config.channels, {1, kMany},
                 "numbers that stand for a token between the blocks");
  fields.integer("head_size", config.head_size, {0, kMany},
                 "numbers of a head; 0: channels / heads");
  fields.integer("hidden", config.hidden, {0, kMany},
                 "numbers within the feed-forward part; 0: 4 times the channels");
  fields.choice("positions", config.positions,
                {{"none", TransformerPositions::none},
                 {"learned", TransformerPositions::learned},
                 {"sinusoidal", TransformerPositions::sinusoidal},
                 {"rotary", TransformerPositions::rotary},
                 {"alibi", TransformerPositions::alibi},
                 {"relative", TransformerPositions::relative}},
                "how positions are known; relative: T5's");
  fields.number("rotary_theta", config.rotary_theta, {1, 1e12}, "base of rotary positions");
  fields.flag("rotary_interleaved", config.rotary_interleaved,
              "rotary positions turn pairs of neighbours, not of two halves");
  fields.integer("rotary_size", config.rotary_size, {0, kMany},
                 "numbers of a head that rotary positions turn; 0: all");
  fields.group("rotary_scaling", config.rotary_scaling,
               "rotary positions of texts longer than a model learnt from first");
  fields.choice("sinusoid_order", config.sinusoid_order,
                {{"pairs", SinusoidOrder::pairs}, {"halves", SinusoidOrder::halves}},
                "sinusoidal positions: sines beside their cosines, or before all of them (Marian)");
  fields.integer("position_offset", config.position_offset, {0, kMany},
                 "rows of learned positions before the first (RoBERTa: 2)");
  fields.integer("token_types", config.token_types, {0, kMany},
                 "kinds of tokens that have a vector each (BERT: 2); 0: none");
  fields.integer("relative_buckets", config.relative_buckets, {4, kMany}, "of relative positions");
  fields.integer("relative_distance", config.relative_distance, {1, kMany},
                 "from here on all distances share a bucket");
  fields.choice("norm", config.norm,
                {{"layer", NormKind::layer}, {"rms", NormKind::rms}, {"batch", NormKind::batch}},
                "the normalisation");
  fields.number("norm_epsilon", config.norm_epsilon, {0, 1}, "added to variances");
  fields.flag("pre_norm", config.pre_norm,
              "norms stand before attention and feed-forward part (GPT-2), not after their sum");
  fields.flag("result_norm", config.result_norm,
              "with pre_norm: norms also of what parts of a block add (Gemma 2)");
  fields.flag("embedding_norm", config.embedding_norm, "a norm after the embedding, as BERT has");
  fields.choice("activation", config.activation,
                {{"relu", Activation::relu},
                 {"gelu", Activation::gelu},
                 {"gelu_tanh", Activation::gelu_tanh},
                 {"silu", Activation::silu}},
                "of the feed-forward part");
  fields.flag("gated", config.gated, "a gated feed-forward part, as SwiGLU is");
  fields.flag("bias", config.bias, "of linear maps and layer norms");
  fields.flag("attention_bias", config.attention_bias,
              "of attention's linear maps, even without bias");
  fields.flag("out_bias", config.out_bias, "if attention has biases, its last map too");
  fields.flag("qk_norm", config.qk_norm, "norms of each head's queries and keys (Qwen3)");
  fields.integer("window", config.window, {0, kMany},
                 "a token sees as many tokens up to itself; 0: all");
  fields.texts(
      "layer_types", config.layer_types,
      "of each layer sliding_attention, which has the window, or full_attention; none: all "
      "have it");
  fields.number("score_softcap", config.score_softcap, {0, 1e6},
                "bound on attention's scores (Gemma 2); 0: none");
  fields.number("logit_softcap", config.logit_softcap, {0, 1e6}, "bound on the logits; 0: none");
  fields.number("score_scale", config.score_scale, {0, 1e6},
                "factor on attention's scores; 0: as scale_scores says");
  fields.flag("scale_scores", config.scale_scores,
              "scores are divided by the root of a head's size");
  fields.flag("scale_embedding", config.scale_embedding,
              "embeddings are multiplied by the root of the channels");
  fields.flag("tied_embedding", config.tied_embedding, "one table to read and to write tokens");
  fields.flag("scale_logits", config.scale_logits,
              "logits are divided by the root of the channels (T5's first version)");
  fields.flag("logit_bias", config.logit_bias, "logits have a bias for each token (BART)");
  fields.number("init_std", config.init_std, {0, 10},
                "standard deviation of matrices as they begin; 0: Glorot's");
}

TransformerConfig original_transformer() {
  return {.positions = TransformerPositions::sinusoidal,
          .pre_norm = false,
          .activation = Activation::relu,
          .scale_embedding = true,
          .init_std = 0};
}

TransformerConfig bert() {
  return {.norm_epsilon = 1e-12, .pre_norm = false, .embedding_norm = true};
}

TransformerConfig gpt2() { return {.activation = Activation::gelu_tanh}; }

TransformerConfig llama() {
  return {.positions = TransformerPositions::rotary,
          .norm = NormKind::rms,
          .activation = Activation::silu,
          .gated = true,
          .bias = false,
          .tied_embedding = false};
}

TransformerConfig t5() {
  return {.positions = TransformerPositions::relative,
          .norm = NormKind::rms,
          .norm_epsilon = 1e-6,
          .activation = Activation::gelu_tanh,
          .gated = true,
          .bias = false,
          .scale_scores = false,
          .tied_embedding = false};
}

BlockConfig block_config(const TransformerConfig& config, std::int64_t layer) {
  const double out_init_scale =
      config.init_std == 0 ? 1 : 1 / std::sqrt(2.0 * static_cast<double>(config.layers));
  BlockConfig block{.attention = {.embed_dim = config.channels,
                                  .num_heads = config.heads,
                                  .num_kv_heads = config.kv_heads,
                                  .head_dim = config.head_size,
                                  .bias = config.bias || config.attention_bias,
                                  .out_bias = config.out_bias,
                                  .softcap = config.score_softcap,
                                  .out_init_scale = out_init_scale},
                    .feed_forward = {.hidden_dim = config.hidden,
                                     .activation = config.activation,
                                     .gated = config.gated,
                                     .bias = config.bias,
                                     .out_init_scale = out_init_scale},
                    .norm = norm_config(config),
                    .pre_norm = config.pre_norm,
                    .result_norm = config.result_norm};
  if (config.qk_norm) block.attention.qk_norm = norm_config(config);
  if (!config.scale_scores) block.attention.scale = 1;
  if (config.score_scale > 0) block.attention.scale = config.score_scale;
  const std::vector<std::string>& types = config.layer_types;
  if (types.empty() || types[static_cast<std::size_t>(layer)] == kSlidingAttention) {
    block.attention.window = config.window;
  }
  if (config.positions == TransformerPositions::rotary) {
    block.attention.rotary = {.dim = config.turned_size(),
                              .interleaved = config.rotary_interleaved,
                              .theta = config.rotary_theta,
                              .scaling = config.rotary_scaling};
  }
  return block;
}

NormConfig norm_config(const TransformerConfig& config) {
  return {.kind = config.norm, .epsilon = config.norm_epsilon, .bias = config.bias};
}

PositionsConfig positions_config(const TransformerConfig& config, bool bidirectional) {
  PositionsConfig positions{
      .max_length = config.context,
      .offset = config.position_offset,
      .order = config.sinusoid_order,
      .buckets = config.relative_buckets,
      .relative = {.bidirectional = bidirectional, .max_distance = config.relative_distance}};
  switch (config.positions) {
    case TransformerPositions::none:
    case TransformerPositions::rotary:
      break;
    case TransformerPositions::learned:
      positions.kind = PositionKind::learned;
      break;
    case TransformerPositions::sinusoidal:
      positions.kind = PositionKind::sinusoidal;
      break;
    case TransformerPositions::alibi:
      positions.kind = PositionKind::alibi;
      break;
    case TransformerPositions::relative:
      positions.kind = PositionKind::relative;
      break;
  }
  return positions;
}

InitialWeights initial_weights(const TransformerConfig& config, Seed seed) {
  config.validate();
  return {.seed = seed, .std = config.init_std};
}

}  // namespace clearhead
