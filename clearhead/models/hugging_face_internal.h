// What is known of each model type of Hugging Face: its config and the names of its tensors. Not
// for use outside this folder.
#ifndef CLEARHEAD_MODELS_HUGGING_FACE_INTERNAL_H_
#define CLEARHEAD_MODELS_HUGGING_FACE_INTERNAL_H_

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>

#include "clearhead/models/config_json_internal.h"
#include "clearhead/models/family.h"
#include "clearhead/models/hugging_face.h"
#include "clearhead/tensor/tensor_file.h"

namespace clearhead {

/// How a tensor of theirs holds ours.
enum class Stored {
  as_is,       ///< [out, in], as ours
  transposed,  ///< [in, out]: GPT-2's Conv1D
  less_one,    ///< theirs + 1 is ours: Gemma's norms
  row,         ///< [1, n]; where it is left out, zeros
};

/// One learned tensor under both names, in which {} is the number of a layer. Several of ours may
/// be stacked in one of theirs, one below the other in the order of the table. One of ours may have
/// several rows: the first that the file has is meant.
struct TensorNames {
  std::string_view ours;
  std::string_view theirs;
  Stored stored = Stored::as_is;
  std::string_view beside = {};  ///< only where the model has this one too
};

/// A network that stands on a model type's stack.
struct Architecture {
  std::string_view name;  ///< as `architectures` in config.json ends: "ForCausalLM"
  Family family;
};

/// A model type.
struct ModelType {
  std::string_view name;               ///< "gpt2"
  std::string_view prefix;             ///< of their names, which may be left out: "transformer."
  std::span<const TensorNames> names;  ///< of the stack
  std::span<const TensorNames> more_names;      ///< those in which it differs from others
  std::span<const Architecture> architectures;  ///< the first is meant where none is named
  /// Sizes and choices; asks for all fields that have an effect.
  TransformerConfig (*read)(ConfigJson& config);
  std::string_view class_name = {};  ///< begins `architectures` in config.json: "GPT2"
  /// The inverse of `read`: the fields of a network. What a type cannot express is left out, and
  /// shows when it is read again. Null: models are not written as this type.
  nlohmann::ordered_json (*write)(const TransformerConfig& network) = nullptr;
};

/// All of them.
std::span<const ModelType> model_types();

/// The tensors of `file` under our names, for a model whose parameters are those of `outline`; each
/// is read, and turned or cut, when it is asked for. Throws Error as `read_hugging_face` does.
TensorFile our_tensors(const TensorFile& file, const ModelType& type, const Parameters& outline);

/// The inverse: tensors under our names, those of `outline`, under theirs; each is read, and turned
/// or stacked, when it is asked for. A bias that `ours` does not have is zero. `is_whole`: nothing
/// stands beside the stack, so its names have no prefix.
TensorFile their_tensors(const TensorFile& ours, const ModelType& type, const Parameters& outline,
                         bool is_whole);

/// A folder as `read_hugging_face` reads it, and its tensors, which are read when they are used.
struct OpenCheckpoint {
  HuggingFaceModel read;            ///< the model
  const ModelType* type = nullptr;  ///< what config.json calls it
  TensorFile theirs;                ///< all tensors, as they are stored
  TensorFile ours;                  ///< those of the model, under our names
};

/// Opens one. Throws Error as `read_hugging_face` does.
OpenCheckpoint open_hugging_face(const std::filesystem::path& folder, bool keep_bf16 = false);

/// model.safetensors of a folder, or the shards of a large model.
TensorFile open_weights(const std::filesystem::path& folder);

/// A model as Hugging Face's transformers describe it.
struct WrittenConfig {
  const ModelType* type = nullptr;
  std::string text;    ///< config.json, as far as sizes and choices go
  ModelConfig config;  ///< what it is read as: the same calculation
};

/// The first model type that calculates what `config` does. A network without biases may become
/// one whose biases are to be zero. Throws Error, naming the nearest type and how it differs, if
/// there is none.
WrittenConfig write_hugging_face(const ModelConfig& config);

/// How texts begin and end, as generation_config.json of a folder says, where there is one, and
/// `config`.
WritingTokens read_writing_tokens(const std::filesystem::path& folder, ConfigJson& config,
                                  Family family);

/// The activation that a field names; `otherwise` if it is left out.
Activation read_activation(ConfigJson& config, const char* name, const std::string& otherwise);
/// Its name. GELU by tanh has two, which transformers calculate in another order.
const char* written_activation(const TransformerConfig& network,
                               const char* gelu_tanh = "gelu_pytorch_tanh");
/// Hidden numbers, also where a network has as many as is usual.
std::int64_t written_hidden(const TransformerConfig& network);

// ModelType::read of encoder–decoders.
TransformerConfig read_t5(ConfigJson& config);
TransformerConfig read_mt5(ConfigJson& config);
TransformerConfig read_bart(ConfigJson& config);
TransformerConfig read_marian(ConfigJson& config);

// ModelType::write of each.
nlohmann::ordered_json write_gpt2(const TransformerConfig& network);
nlohmann::ordered_json write_llama(const TransformerConfig& network);
nlohmann::ordered_json write_mistral(const TransformerConfig& network);
nlohmann::ordered_json write_qwen2(const TransformerConfig& network);
nlohmann::ordered_json write_qwen3(const TransformerConfig& network);
nlohmann::ordered_json write_phi3(const TransformerConfig& network);
nlohmann::ordered_json write_gemma(const TransformerConfig& network);
nlohmann::ordered_json write_gemma2(const TransformerConfig& network);
nlohmann::ordered_json write_bert(const TransformerConfig& network);
nlohmann::ordered_json write_roberta(const TransformerConfig& network);
nlohmann::ordered_json write_distilbert(const TransformerConfig& network);
nlohmann::ordered_json write_t5(const TransformerConfig& network);
nlohmann::ordered_json write_bart(const TransformerConfig& network);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_HUGGING_FACE_INTERNAL_H_
