// Models in folders as Hugging Face's transformers lay them out: config.json, which names a
// `model_type`, and model.safetensors. docs/checkpoints.md says what is read, and what is not.
#ifndef CLEARHEAD_MODELS_HUGGING_FACE_H_
#define CLEARHEAD_MODELS_HUGGING_FACE_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/models/family.h"
#include "clearhead/models/model.h"

namespace clearhead {

/// What a folder says of the tokens that are written; a token that it does not name is left out.
struct WritingTokens {
  std::optional<std::int64_t> begin = {};  ///< that begins a text, or the target of a translation
  std::vector<std::int64_t> ends = {};     ///< that end one
  std::optional<std::int64_t> first = {};  ///< of a target: what is written first (BART: <s>)
  std::vector<std::int64_t> never = {};    ///< of a target: what is not written (Marian: padding)
};

/// A model from such a folder, without its tokenizer.
struct HuggingFaceModel {
  std::string model_type;        ///< "llama"
  ModelConfig config;            ///< its sizes and choices as ours
  std::unique_ptr<Model> model;  ///< the network with its weights
  WritingTokens tokens;          ///< how texts begin and end
};

/// Whether `config`, the text of a config.json, is Hugging Face's.
bool is_hugging_face(std::string_view config);

/// The sizes and choices in `config`, the text of a config.json called `file` in messages, without
/// what other files of its folder say. Throws Error as `read_hugging_face` does.
ModelConfig parse_hugging_face(std::string_view config, const std::string& file);

/// Reads a folder; with `keep_bf16` matrices that are stored as bf16 stay so. A sentence encoder
/// also has modules.json. Throws Error, naming the file, for a `model_type`, an architecture or an
/// option that is not supported, with those that are, and for a tensor that is missing, superfluous
/// or of another shape than the config says.
HuggingFaceModel read_hugging_face(const std::filesystem::path& folder, bool keep_bf16 = false);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_HUGGING_FACE_H_
