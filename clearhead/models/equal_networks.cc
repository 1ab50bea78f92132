// Four networks of equal size, to compare them.
#include "clearhead/models/equal_networks.h"

#include <functional>

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

// The largest n ≥ least for which with(n) has at most `parameters` numbers; least − 1 if none has.
std::int64_t largest(std::int64_t least, std::int64_t parameters,
                     const std::function<ModelConfig(std::int64_t)>& with) {
  const auto fits = [&](std::int64_t n) { return parameter_count(with(n)) <= parameters; };
  std::int64_t below = least - 1, above = least;
  while (fits(above)) below = above, above *= 2;
  while (above - below > 1) {
    const std::int64_t middle = below + (above - below) / 2;
    (fits(middle) ? below : above) = middle;
  }
  return below;
}

void require_some(std::int64_t n, std::int64_t parameters) {
  if (n > 0) return;
  throw Error("networks of equal size: " + std::to_string(parameters) +
              " parameters are too few; give more");
}

// First as many numbers of a state as there are channels, then more channels.
ModelConfig recurrent(RecurrentKind kind, std::int64_t parameters, std::int64_t vocabulary,
                      std::int64_t context) {
  RecurrentModelConfig network{.vocabulary = vocabulary, .context = context, .kind = kind};
  const auto with_hidden = [&](std::int64_t n) {
    network.hidden = network.channels = n;
    return ModelConfig{Family::recurrent, network};
  };
  const std::int64_t hidden = largest(1, parameters, with_hidden);
  require_some(hidden, parameters);
  with_hidden(hidden);
  const auto with_channels = [&](std::int64_t n) {
    network.channels = n;
    return ModelConfig{Family::recurrent, network};
  };
  return with_channels(largest(hidden, parameters, with_channels));
}

// First whole blocks, then a wider feed-forward part.
ModelConfig transformer(std::int64_t parameters, std::int64_t vocabulary, std::int64_t context) {
  constexpr std::int64_t kHeads = 2;
  constexpr std::int64_t kStep = 2 * kHeads;  // rotary positions turn pairs of a head's channels
  TransformerConfig network{.vocabulary = vocabulary,
                            .context = context,
                            .layers = 2,
                            .heads = kHeads,
                            .positions = TransformerPositions::rotary,
                            .tied_embedding = false,
                            .init_std = 0};
  const auto with_channels = [&](std::int64_t n) {
    network.channels = n * kStep;
    network.hidden = 4 * network.channels;
    return ModelConfig{Family::decoder, network};
  };
  const std::int64_t channels = largest(1, parameters, with_channels);
  require_some(channels, parameters);
  with_channels(channels);
  const auto with_hidden = [&](std::int64_t n) {
    network.hidden = n;
    return ModelConfig{Family::decoder, network};
  };
  return with_hidden(largest(network.hidden, parameters, with_hidden));
}

}  // namespace

std::vector<NamedNetwork> equal_networks(std::int64_t parameters, std::int64_t vocabulary,
                                         std::int64_t context) {
  return {{"RNN", recurrent(RecurrentKind::rnn, parameters, vocabulary, context)},
          {"LSTM", recurrent(RecurrentKind::lstm, parameters, vocabulary, context)},
          {"GRU", recurrent(RecurrentKind::gru, parameters, vocabulary, context)},
          {"transformer", transformer(parameters, vocabulary, context)}};
}

}  // namespace clearhead
