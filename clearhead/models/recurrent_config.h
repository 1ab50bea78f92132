// The numbers and choices that a recurrent network is made of.
#ifndef CLEARHEAD_MODELS_RECURRENT_CONFIG_H_
#define CLEARHEAD_MODELS_RECURRENT_CONFIG_H_

#include <cstdint>

#include "clearhead/base/fields.h"
#include "clearhead/nn/recurrent.h"

namespace clearhead {

/// The sizes and choices of a recurrent model.
struct RecurrentModelConfig {
  std::int64_t vocabulary = 0;  ///< V; 0 in a recipe: that of its tokenizer
  /// How many tokens a window has, on which a language model is trained and through which gradients
  /// flow back; later it reads texts of any length.
  std::int64_t context = 256;
  RecurrentKind kind = RecurrentKind::lstm;  ///< the cell
  std::int64_t channels = 256;               ///< of the embedding
  std::int64_t hidden = 256;                 ///< of a state, in each direction
  std::int64_t layers = 1;                   ///< one on the other
  bool bidirectional = false;                ///< the encoder of a translation model
  /// The decoder of a translation model looks back at the source (Bahdanau et al. 2015).
  bool attention = true;
  bool tied_embedding = false;  ///< one table to read and to write tokens; needs hidden = channels

  /// Throws Error if the numbers do not fit together.
  void validate() const;
};

/// Its fields as JSON, as models and recipes write them.
void describe(Fields& fields, RecurrentModelConfig& config);

/// Glorot's. Throws Error if the config does not fit together.
InitialWeights initial_weights(const RecurrentModelConfig& config, Seed seed);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_RECURRENT_CONFIG_H_
