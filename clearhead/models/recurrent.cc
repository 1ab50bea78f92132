// A recurrent language model.
#include "clearhead/models/recurrent.h"

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

Recurrent layers(Parameters& parameters, const RecurrentModelConfig& config, bool bidirectional) {
  const auto scope = parameters.scope("layers");
  return Recurrent(parameters, {.kind = config.kind,
                                .input_dim = config.channels,
                                .hidden_dim = config.hidden,
                                .layers = config.layers,
                                .bidirectional = bidirectional});
}

}  // namespace

RecurrentStack::RecurrentStack(Parameters& parameters, const RecurrentModelConfig& config,
                               bool bidirectional)
    : embedding_dropout_(parameters, "hook_embed"),
      layers_(layers(parameters, config, bidirectional)),
      dropout_(parameters, "layers") {}

RecurrentOutput RecurrentStack::forward(const Embedding& table, const Var& tokens, const Pass& pass,
                                        const RecurrentState& state, const Tensor& lengths) const {
  const Var x = table.forward(tokens).named("hook_embed");  // [B, T, C]
  const auto scope = tokens.tape().scope("layers");
  RecurrentOutput out = layers_.forward(embedding_dropout_.forward(x, pass), pass, state, lengths);
  out.y = dropout_.forward(out.y, pass);
  return out;
}

Unembed unembed(Parameters& parameters, const RecurrentModelConfig& config,
                const Embedding& table) {
  return Unembed(parameters, config.vocabulary, config.hidden,
                 config.tied_embedding ? table.table() : nullptr, {.bias = true});
}

RecurrentLanguageModel::RecurrentLanguageModel(const RecurrentModelConfig& config, Seed seed,
                                               DType dtype)
    : LanguageModel(config.vocabulary, 0, initial_weights(config, seed), dtype),
      table_(parameters_, config.vocabulary, config.channels, "embed.W_E"),
      stack_(parameters_, config, /*bidirectional=*/false),
      unembed_(unembed(parameters_, config, table_)) {
  if (config.bidirectional) {
    throw Error("model: a language model sees only what came before; set bidirectional to false");
  }
}

Var RecurrentLanguageModel::forward(const Var& tokens, const Pass& pass,
                                    DecodingState* state) const {
  const RecurrentOutput out =  // y [B, T, H]
      stack_.forward(table_, tokens, pass, state == nullptr ? RecurrentState{} : state->recurrent);
  if (state != nullptr) {
    state->recurrent = out.state;
    state->length += tokens.size(1);
  }
  return unembed_.forward(out.y, pass);  // [B, T, V]
}

}  // namespace clearhead
