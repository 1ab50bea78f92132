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

}  // namespace

void TransformerConfig::validate() const {
  if (vocabulary < 1 || context < 1 || layers < 1 || heads < 1) {
    throw Error("model: expected a vocabulary, a context, layers and heads of at least 1, got " +
                std::to_string(vocabulary) + ", " + std::to_string(context) + ", " +
                std::to_string(layers) + " and " + std::to_string(heads));
  }
  if (channels < 1 || head_size < 0 || kv_heads < 0 || hidden < 0) {
    throw Error(
        "model: expected channels of at least 1, head_size, kv_heads and hidden of at least 0, "
        "got " +
        std::to_string(channels) + ", " + std::to_string(head_size) + ", " +
        std::to_string(kv_heads) + " and " + std::to_string(hidden));
  }
  if (head_size == 0 && channels % heads != 0) {
    throw Error("model: channels " + std::to_string(channels) + " do not divide into " +
                std::to_string(heads) + " heads; choose a multiple of heads, or give head_size");
  }
  if (kv_heads > 0 && heads % kv_heads != 0) {
    throw Error("model: heads " + std::to_string(heads) + " are no multiple of kv_heads " +
                std::to_string(kv_heads) + "; each of those serves as many heads");
  }
  if (positions == TransformerPositions::rotary && size_of_head() % 2 != 0) {
    throw Error("model: rotary positions turn pairs of channels, and a head has " +
                std::to_string(size_of_head()) + "; choose other channels, heads or head_size");
  }
  if (positions == TransformerPositions::relative && relative_distance <= relative_buckets / 2) {
    throw Error("model: relative_distance " + std::to_string(relative_distance) +
                " must be beyond half of the relative_buckets, " +
                std::to_string(relative_buckets) + ": those have a distance each");
  }
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
  fields.integer("relative_buckets", config.relative_buckets, {4, kMany}, "of relative positions");
  fields.integer("relative_distance", config.relative_distance, {1, kMany},
                 "from here on all distances share a bucket");
  fields.choice("norm", config.norm,
                {{"layer", NormKind::layer}, {"rms", NormKind::rms}, {"batch", NormKind::batch}},
                "the normalisation");
  fields.number("norm_epsilon", config.norm_epsilon, {0, 1}, "added to variances");
  fields.flag("pre_norm", config.pre_norm,
              "norms stand before attention and feed-forward part (GPT-2), not after their sum");
  fields.flag("embedding_norm", config.embedding_norm, "a norm after the embedding, as BERT has");
  fields.choice("activation", config.activation,
                {{"relu", Activation::relu},
                 {"gelu", Activation::gelu},
                 {"gelu_tanh", Activation::gelu_tanh},
                 {"silu", Activation::silu}},
                "of the feed-forward part");
  fields.flag("gated", config.gated, "a gated feed-forward part, as SwiGLU is");
  fields.flag("bias", config.bias, "of linear maps and layer norms");
  fields.flag("scale_scores", config.scale_scores,
              "scores are divided by the root of a head's size");
  fields.flag("scale_embedding", config.scale_embedding,
              "embeddings are multiplied by the root of the channels");
  fields.flag("tied_embedding", config.tied_embedding, "one table to read and to write tokens");
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

BlockConfig block_config(const TransformerConfig& config) {
  const double out_init_scale =
      config.init_std == 0 ? 1 : 1 / std::sqrt(2.0 * static_cast<double>(config.layers));
  BlockConfig block{.attention = {.embed_dim = config.channels,
                                  .num_heads = config.heads,
                                  .num_kv_heads = config.kv_heads,
                                  .head_dim = config.head_size,
                                  .bias = config.bias,
                                  .out_init_scale = out_init_scale},
                    .feed_forward = {.hidden_dim = config.hidden,
                                     .activation = config.activation,
                                     .gated = config.gated,
                                     .bias = config.bias,
                                     .out_init_scale = out_init_scale},
                    .norm = norm_config(config),
                    .pre_norm = config.pre_norm};
  if (!config.scale_scores) block.attention.scale = 1;
  if (config.positions == TransformerPositions::rotary) {
    block.attention.rotary = {.dim = config.size_of_head(),
                              .interleaved = config.rotary_interleaved,
                              .theta = config.rotary_theta};
  }
  return block;
}

NormConfig norm_config(const TransformerConfig& config) {
  return {.kind = config.norm, .epsilon = config.norm_epsilon, .bias = config.bias};
}

PositionsConfig positions_config(const TransformerConfig& config, bool bidirectional) {
  PositionsConfig positions{
      .max_length = config.context,
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
