// Models by config, and as folders: config.json, tokenizer.json and model.safetensors.
#ifndef CLEARHEAD_MODELS_MODEL_FILE_H_
#define CLEARHEAD_MODELS_MODEL_FILE_H_

#include <cstdint>
#include <filesystem>
#include <memory>

#include "clearhead/models/model.h"
#include "clearhead/models/recurrent_config.h"
#include "clearhead/models/transformer_config.h"
#include "clearhead/text/tokenizer.h"

namespace clearhead {

enum class Family {
  decoder,                    ///< LanguageModel
  encoder,                    ///< MaskedModel
  encoder_decoder,            ///< TranslationModel
  recurrent,                  ///< LanguageModel
  recurrent_encoder_decoder,  ///< TranslationModel
};

struct ModelConfig {
  Family family = Family::decoder;
  TransformerConfig transformer = {};
  RecurrentModelConfig recurrent = {};  ///< instead, if the family is recurrent

  bool is_recurrent() const {
    return family == Family::recurrent || family == Family::recurrent_encoder_decoder;
  }
  /// The vocabulary of whichever it is.
  std::int64_t& vocabulary() {
    return is_recurrent() ? recurrent.vocabulary : transformer.vocabulary;
  }
};

void describe(Fields& fields, ModelConfig& config);

/// A model as it begins, or without a seed its outline, whose parameters have shapes but no numbers
/// yet. Throws Error if the config does not fit together, or if this machine has less memory than
/// the parameters take.
std::unique_ptr<Model> make_model(const ModelConfig& config, Seed seed = 0,
                                  DType dtype = DType::f32);

struct SavedModel {
  ModelConfig config;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::unique_ptr<Model> model;  ///< f32, as far as matrices are not kept as bf16
};

/// Writes the three files into `folder`, which is made if it is not there; weights as `dtype`. Each
/// file is replaced whole or not at all. Throws Error if one cannot be written.
void save_model(const std::filesystem::path& folder, const ModelConfig& config,
                const Tokenizer& tokenizer, const Parameters& parameters,
                DType dtype = DType::bf16);

/// Reads what `save_model` writes. With `keep_bf16` the matrices of a transformer stay as they are
/// stored: to generate, of which each token reads them all, takes half the time. Throws Error, naming
/// the file and what is wrong with it.
SavedModel open_model(const std::filesystem::path& folder, bool keep_bf16 = false);

/// The model as what it can do. Throws Error, saying what it is, if it is something else.
const LanguageModel& as_language_model(const SavedModel& saved);
const MaskedModel& as_masked_model(const SavedModel& saved);
const TranslationModel& as_translation_model(const SavedModel& saved);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_MODEL_FILE_H_
