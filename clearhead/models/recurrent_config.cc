// The config of recurrent networks: its fields and its checks.
#include "clearhead/models/recurrent_config.h"

#include <string>

#include "clearhead/base/error.h"

namespace clearhead {

void RecurrentModelConfig::validate() const {
  if (vocabulary < 1 || channels < 1 || hidden < 1 || layers < 1) {
    throw Error(
        "model: expected a vocabulary, channels, hidden numbers and layers of at least 1, got " +
        std::to_string(vocabulary) + ", " + std::to_string(channels) + ", " +
        std::to_string(hidden) + " and " + std::to_string(layers));
  }
  if (tied_embedding && hidden != channels) {
    throw Error(
        "model: with tied_embedding a state has as many numbers as an embedding, but hidden is " +
        std::to_string(hidden) + " and channels are " + std::to_string(channels));
  }
}

void describe(Fields& fields, RecurrentModelConfig& config) {
  constexpr std::int64_t kMany = std::int64_t{1} << 20;
  fields.integer("vocabulary", config.vocabulary, {0, kMany},
                 "tokens; 0 in a recipe: those of its tokenizer");
  fields.integer("context", config.context, {1, kMany},
                 "language models: tokens over which gradients reach back in training");
  fields.choice(
      "kind", config.kind,
      {{"rnn", RecurrentKind::rnn}, {"lstm", RecurrentKind::lstm}, {"gru", RecurrentKind::gru}},
      "the recurrent layer");
  fields.integer("channels", config.channels, {1, kMany}, "numbers that stand for a token");
  fields.integer("hidden", config.hidden, {1, kMany}, "numbers of a state, in each direction");
  fields.integer("layers", config.layers, {1, 1000}, "one above the other");
  fields.flag("bidirectional", config.bidirectional,
              "the encoder of a translation model reads in both directions");
  fields.flag("attention", config.attention,
              "the decoder of a translation model looks back at the source");
  fields.flag("tied_embedding", config.tied_embedding,
              "one table to read and to write tokens; hidden is then as channels");
}

InitialWeights initial_weights(const RecurrentModelConfig& config, Seed seed) {
  config.validate();
  return {.seed = seed};
}

}  // namespace clearhead
