// A model's folder or file, and the tensors in it. Not for use outside this folder.
#ifndef CLEARHEAD_MODELS_MODEL_FILE_INTERNAL_H_
#define CLEARHEAD_MODELS_MODEL_FILE_INTERNAL_H_

#include <filesystem>
#include <optional>
#include <string>

#include "clearhead/models/model_file.h"
#include "clearhead/tensor/tensor_file.h"

namespace clearhead {

inline constexpr const char* kConfig = "config.json";                 ///< a file of each folder
inline constexpr const char* kTokenizer = "tokenizer.json";           ///< another
inline constexpr const char* kMarianSource = "source.spm";            ///< or these two of Marian
inline constexpr const char* kMarianTarget = "target.spm";            ///< which is not read
inline constexpr const char* kMarianVocabulary = "vocab.json";        ///< likewise
inline constexpr const char* kGeneration = "generation_config.json";  ///< of others' models

/// An open model.
struct StoredModel {
  SavedModel saved;                  ///< its weights are read when they are first used
  TensorFile ours;                   ///< the weights under our names
  std::optional<TensorFile> theirs;  ///< of Hugging Face: all that its folder has, as stored
};

/// Tells a model how many of its tokens the tokenizer names: the table of others' models may have
/// more, since sizes are rounded up. It may lack special tokens that were added later, such as one
/// for padding, which no text may then contain. Throws Error, naming `file`, if it lacks others.
void use_tokenizer(const std::string& file, SavedModel& saved);

/// Opens what `open_model` reads, and throws Error as it does.
StoredModel open_stored(const std::filesystem::path& path, bool keep_bf16 = false);

/// The same of an open GGUF file.
StoredModel open_stored(const GgufFile& file, bool keep_bf16 = false);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_MODEL_FILE_INTERNAL_H_
