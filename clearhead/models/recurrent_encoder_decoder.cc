// A translation model of recurrent networks.
#include "clearhead/models/recurrent_encoder_decoder.h"

#include <string>

#include "clearhead/ops/attention_steps.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/tanh.h"

namespace clearhead {
namespace {

RecurrentStack stack(Parameters& parameters, const RecurrentModelConfig& config, const char* name,
                     bool bidirectional) {
  const auto scope = parameters.scope(name);
  return RecurrentStack(parameters, config, bidirectional);
}

// H numbers of each direction.
std::int64_t memory_size(const RecurrentModelConfig& config) {
  return config.bidirectional ? 2 * config.hidden : config.hidden;
}

}  // namespace

RecurrentEncoderDecoder::RecurrentEncoderDecoder(const RecurrentModelConfig& config, Seed seed,
                                                 DType dtype)
    : TranslationModel(config.vocabulary, 0, initial_weights(config, seed), dtype),
      bidirectional_(config.bidirectional),
      table_(parameters_, config.vocabulary, config.channels, "embed.W_E"),
      encoder_(stack(parameters_, config, "encoder", config.bidirectional)),
      bridges_(make_bridges(config)),
      decoder_(stack(parameters_, config, "decoder", /*bidirectional=*/false)),
      attention_(make_attention(config)),
      unembed_(unembed(parameters_, config, table_)) {}

std::vector<RecurrentEncoderDecoder::Bridge> RecurrentEncoderDecoder::make_bridges(
    const RecurrentModelConfig& config) {
  std::vector<Bridge> bridges;
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    const auto scope = parameters_.scope("bridge." + std::to_string(layer));
    bridges.push_back(
        {.h = Linear(parameters_, memory_size(config), config.hidden, "W_h", "b_h"), .c = {}});
    if (config.kind == RecurrentKind::lstm) {
      bridges.back().c.emplace(parameters_, memory_size(config), config.hidden, "W_c", "b_c");
    }
  }
  return bridges;
}

std::optional<RecurrentEncoderDecoder::Attention> RecurrentEncoderDecoder::make_attention(
    const RecurrentModelConfig& config) {
  if (!config.attention) return std::nullopt;
  const auto scope = parameters_.scope("decoder.cross_attn");
  const std::int64_t H = config.hidden, M = memory_size(config);
  return Attention{.scores = AdditiveAttention(parameters_, H, M, H),
                   .out = Linear(parameters_, H + M, H, "W_O", "b_O")};
}

Memory RecurrentEncoderDecoder::encode(const Var& tokens, const Tensor& lengths,
                                       const Pass& pass) const {
  const auto scope = tokens.tape().scope("encoder");
  const RecurrentOutput out = encoder_.forward(table_, tokens, pass, {}, lengths);
  return {.states = out.y, .lengths = lengths, .final = out.state};
}

// tanh(final·Wᵀ + b), layer by layer: [B, H] of each
RecurrentState RecurrentEncoderDecoder::first_state(const RecurrentState& final,
                                                    const Pass& pass) const {
  const auto of_layer = [&](const std::vector<Var>& states, std::size_t layer) {  // [B, M]
    return bidirectional_ ? concat(states[2 * layer], states[2 * layer + 1], 1) : states[layer];
  };
  RecurrentState first;
  for (std::size_t i = 0; i < bridges_.size(); ++i) {
    first.h.push_back(tanh(bridges_[i].h.forward(of_layer(final.h, i), pass)));
    if (bridges_[i].c) first.c.push_back(tanh(bridges_[i].c->forward(of_layer(final.c, i), pass)));
  }
  return first;
}

// tanh([h, z]·Wᵀ + b): [B, T, H]
Var RecurrentEncoderDecoder::attend(const Var& h, const Memory& memory, const Pass& pass) const {
  const auto scope = h.tape().scope("cross_attn");
  const Var z = attention_->scores.forward(h, memory.states, pass, memory.lengths);  // [B, T, M]
  return tanh(attention_->out.forward(concat(h, z, 2), pass)).named(steps::kAttnOut);
}

Var RecurrentEncoderDecoder::decode(const Memory& memory, const Var& tokens, const Pass& pass,
                                    DecodingState* state) const {
  Var x;  // [B, T, H]
  {
    const auto scope = tokens.tape().scope("decoder");
    const bool continues = state != nullptr && state->length > 0;
    const RecurrentOutput out = decoder_.forward(
        table_, tokens, pass, continues ? state->recurrent : first_state(memory.final, pass));
    if (state != nullptr) {
      state->recurrent = out.state;
      state->length += tokens.size(1);
    }
    x = attention_ ? attend(out.y, memory, pass) : out.y;
  }
  return unembed_.forward(x, pass);  // [B, T, V]
}

}  // namespace clearhead
