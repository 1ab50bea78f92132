// The families of models. One row says all there is to know of one; whoever needs something of a
// family reads its row, and a new family is a new row (and its network).
#ifndef CLEARHEAD_MODELS_FAMILY_H_
#define CLEARHEAD_MODELS_FAMILY_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <variant>

#include "clearhead/base/fields.h"
#include "clearhead/models/model.h"
#include "clearhead/models/recurrent_config.h"
#include "clearhead/models/transformer_config.h"

namespace clearhead {

enum class Family { decoder, encoder, encoder_decoder, recurrent, recurrent_encoder_decoder };

/// A model without its numbers. The network is described by what its family is made of: where a
/// config is read, the family comes first.
struct ModelConfig {
  Family family = Family::decoder;
  std::variant<TransformerConfig, RecurrentModelConfig> network = {};

  /// V of the network; 0 in a recipe: that of its tokenizer.
  std::int64_t& vocabulary() {
    return std::visit([](auto& config) -> std::int64_t& { return config.vocabulary; }, network);
  }
  /// The tokens of a window that a language model is trained and evaluated on.
  std::int64_t context() const {
    return std::visit([](const auto& config) { return config.context; }, network);
  }
};

struct FamilyRow {
  Family family;
  std::string_view name;   ///< in config.json: "decoder"
  std::string_view words;  ///< in messages: "a decoder"
  Ability ability;         ///< what it can do
  bool reads_bf16;         ///< its matrices may stay bf16: no layer would widen them at each step
  /// Reads or writes its network's part of the config.
  void (*describe)(Fields& fields, ModelConfig& config);
  /// Throws Error if the config does not fit together, or its network is that of another family.
  std::unique_ptr<Model> (*make)(const ModelConfig& config, Seed seed, DType dtype);
};

/// All of them.
std::span<const FamilyRow> families();
const FamilyRow& row_of(Family family);

/// The family, then its network: {"family": "decoder", "transformer": {…}}.
void describe(Fields& fields, ModelConfig& config);

/// A model as it begins, or without a seed its outline, whose parameters have shapes but no numbers
/// yet. Throws Error if the config does not fit together, or if this machine has less memory than
/// the parameters take.
std::unique_ptr<Model> make_model(const ModelConfig& config, Seed seed = 0,
                                  DType dtype = DType::f32);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_FAMILY_H_
