// The families of models. One row says everything about a family, and all code that needs to know
// something reads that row. So a new family is a new row and its network.
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
#include "clearhead/models/text_encoder.h"
#include "clearhead/models/transformer_config.h"

namespace clearhead {

/// What a network is made of; each has a row in `families`.
enum class Family {
  decoder,                    ///< Decoder
  encoder,                    ///< Encoder
  encoder_decoder,            ///< EncoderDecoder
  sentence_encoder,           ///< SentenceEncoder
  text_classifier,            ///< TextClassifier
  recurrent,                  ///< RecurrentLanguageModel
  recurrent_encoder_decoder,  ///< RecurrentEncoderDecoder
};

/// A model without its numbers. The family decides which config the network has, so it comes first
/// in a file.
struct ModelConfig {
  Family family = Family::decoder;  ///< which part `network` holds
  std::variant<TransformerConfig, SentenceEncoderConfig, TextClassifierConfig, RecurrentModelConfig>
      network = {};  ///< sizes and choices

  /// V of the network; 0 in a recipe means that of its tokenizer.
  std::int64_t& vocabulary() {
    return std::visit([](auto& config) -> std::int64_t& { return config.vocabulary; }, network);
  }
  /// How many tokens a window has, on which a language model is trained and evaluated.
  std::int64_t context() const {
    return std::visit([](const auto& config) { return config.context; }, network);
  }
};

/// What there is to know about a family.
struct FamilyRow {
  Family family;           ///< the one that the row is of
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
/// The row of a family.
const FamilyRow& row_of(Family family);

/// The family, then its network: {"family": "decoder", "transformer": {…}}.
void describe(Fields& fields, ModelConfig& config);

/// A new model; without a seed only its outline, whose parameters have shapes but no numbers yet.
/// Throws Error if the config does not fit together, or if the parameters take more memory than
/// this machine has.
std::unique_ptr<Model> make_model(const ModelConfig& config, Seed seed = 0,
                                  DType dtype = DType::f32);

/// How many learned numbers such a model has. Throws Error if the config does not fit together.
std::int64_t parameter_count(const ModelConfig& config);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_FAMILY_H_
