// A recurrent language model: all that it knows of the text so far is one state of fixed size.
//
//     x = embedding of tokens
//     for each layer:  state_t = cell(x_t, state_{t−1}),  x = states
//     logits = x·W_Uᵀ + b_U
//
// Source: Mikolov et al., "Recurrent neural network based language model" (2010); dropout between
// layers only, Zaremba, Sutskever and Vinyals, "Recurrent neural network regularization" (2014).
#ifndef CLEARHEAD_MODELS_RECURRENT_H_
#define CLEARHEAD_MODELS_RECURRENT_H_

#include <string_view>

#include "clearhead/models/model.h"
#include "clearhead/models/recurrent_config.h"
#include "clearhead/nn/dropout.h"
#include "clearhead/nn/embedding.h"

namespace clearhead {

/// Turns tokens into the states of the last layer.
class RecurrentStack {
 public:
  /// Adds to the parameters layers.0.W, layers.0.R, …, of one direction or, if `bidirectional`, of
  /// two.
  RecurrentStack(Parameters& parameters, const RecurrentModelConfig& config, bool bidirectional);

  /// tokens i64 [B, T], of which `lengths` i64 [B] (default: all) are not padding → y [B, T, H], or
  /// 2·H with two directions, and the state after the last. Records hook_embed and, within
  /// layers.0, layers.1, …, what the layers do.
  RecurrentOutput forward(const Embedding& table, const Var& tokens, const Pass& pass,
                          const RecurrentState& state = {}, const Tensor& lengths = {}) const;

 private:
  Dropout embedding_dropout_;
  Recurrent layers_;
  Dropout dropout_;
};

/// Scores of tokens from vectors of `hidden` numbers, by the table of tokens itself if the config
/// ties them.
Unembed unembed(Parameters& parameters, const RecurrentModelConfig& config, const Embedding& table);

/// A language model whose memory is a state: RNN, LSTM or GRU.
class RecurrentLanguageModel : public LanguageModel {
 public:
  /// Parameters are called embed.W_E, layers.0.W, layers.0.R, …, unembed.W_U. Throws Error if the
  /// config does not fit together.
  explicit RecurrentLanguageModel(const RecurrentModelConfig& config, Seed seed = 0,
                                  DType dtype = DType::f32);

  /// Records hook_embed, what the layers do within layers.0, layers.1, …, and logits.
  Var forward(const Var& tokens, const Pass& pass, DecodingState* state = nullptr) const override;

 private:
  Embedding table_;
  RecurrentStack stack_;
  Unembed unembed_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_RECURRENT_H_
