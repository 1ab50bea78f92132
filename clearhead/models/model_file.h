// Models as folders: config.json, tokenizer.json and model.safetensors, ours or as Hugging Face's
// transformers lay them out; and as one GGUF file.
#ifndef CLEARHEAD_MODELS_MODEL_FILE_H_
#define CLEARHEAD_MODELS_MODEL_FILE_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "clearhead/models/beam_search.h"
#include "clearhead/models/family.h"
#include "clearhead/models/hugging_face.h"
#include "clearhead/models/model.h"
#include "clearhead/tensor/gguf.h"
#include "clearhead/text/chat_source.h"
#include "clearhead/text/tokenizer.h"

namespace clearhead {

/// A model and what it reads by.
struct SavedModel {
  ModelConfig config;                          ///< its sizes and choices
  std::shared_ptr<const Tokenizer> tokenizer;  ///< text to its ids and back
  /// f32, as far as matrices are not kept as bf16; copies share it.
  std::shared_ptr<Model> model;
  WritingTokens tokens = {};  ///< of others' models: how texts begin and end
  ChatSource chat = {};       ///< likewise: how conversations are written
  /// Likewise: the most tokens of a text that becomes a vector, at most the context; 0: that.
  std::int64_t longest = 0;
};

/// Writes the three files into `folder`, which is created if needed; weights as `dtype`. Each file
/// is replaced whole or not at all. Throws Error if one cannot be written.
void save_model(const std::filesystem::path& folder, const ModelConfig& config,
                const Tokenizer& tokenizer, const Parameters& parameters,
                DType dtype = DType::bf16);

/// Opens what `save_model` writes, a folder as `read_hugging_face` does (hugging_face.h), or a GGUF
/// file, which becomes the model that it is in Hugging Face's layout (docs/checkpoints.md). Weights
/// are read from the mapped file when they are first used (`Parameters::load`). With
/// `keep_bf16` the matrices of a transformer stay bf16. Then generating takes half the time,
/// because each token reads all of them. Throws Error, naming the file and what is wrong with it.
SavedModel open_model(const std::filesystem::path& path, bool keep_bf16 = false);

/// The same of an open GGUF file.
SavedModel open_model(const GgufFile& file, bool keep_bf16 = false);

/// How translations by it are searched for: the tokens as its folder says; else, and of our own
/// models, <s> and </s>. Throws Error if its tokenizer has none of them.
BeamSearchOptions search_options(const SavedModel& saved);

/// The model by its ability, such as `as<LanguageModel>(saved)`; null if it does not have it.
template <typename Kind>
const Kind* as_if(const SavedModel& saved) {
  return dynamic_cast<const Kind*>(saved.model.get());
}

/// Throws Error, saying what kind of model `wanted` is and what `saved` is.
[[noreturn]] void refuse_ability(const SavedModel& saved, const Ability& wanted);

/// Likewise. Throws Error, saying what it is, if it is something else.
template <typename Kind>
const Kind& as(const SavedModel& saved) {
  const Kind* const model = as_if<Kind>(saved);
  if (model == nullptr) refuse_ability(saved, Kind::kAbility);
  return *model;
}

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_MODEL_FILE_H_
