// A model in another layout, type or number of files: the same numbers, read tensor by tensor.
#ifndef CLEARHEAD_MODELS_CONVERT_H_
#define CLEARHEAD_MODELS_CONVERT_H_

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "clearhead/tensor/dtype.h"

namespace clearhead {

/// How a model lies in a folder.
enum class ModelLayout {
  hugging_face,  ///< as transformers write and read it
  ours,          ///< as `save_model` does
};

/// What is to be written.
struct Conversion {
  ModelLayout layout = ModelLayout::hugging_face;  ///< of the new folder
  std::optional<DType> dtype = {};                 ///< of the weights; none: as they are stored
  std::size_t shard_bytes = 5'000'000'000;         ///< the most of a file of weights
  /// Called after each tensor with the bytes that are written, and those of all.
  std::function<void(std::size_t done, std::size_t all)> progress = {};
};

/// What was written.
struct Converted {
  std::string what;         ///< "llama", "a decoder"
  std::size_t tensors = 0;  ///< how many
  std::size_t bytes = 0;    ///< of their numbers
};

/// Writes the model in `from`, of any kind that `open_model` reads, into the folder
/// `to`, which is made: it must not exist, or be empty. Memory holds one tensor at a time, and `to`
/// has all files or none. A folder of Hugging Face that stays one keeps all of its tensors and its
/// other files. Throws Error if `from` cannot be read; if no model type of Hugging Face calculates
/// what the model does (with the nearest); or if a number is beyond the range of f16.
Converted convert_model(const std::filesystem::path& from, const std::filesystem::path& to,
                        const Conversion& conversion = {});

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_CONVERT_H_
