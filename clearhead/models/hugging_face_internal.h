// What is known of each model type of Hugging Face: its config and the names of its tensors. Not
// for use outside this folder.
#ifndef CLEARHEAD_MODELS_HUGGING_FACE_INTERNAL_H_
#define CLEARHEAD_MODELS_HUGGING_FACE_INTERNAL_H_

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "clearhead/models/config_json_internal.h"
#include "clearhead/models/family.h"
#include "clearhead/tensor/tensor_file.h"

namespace clearhead {

/// How a tensor of theirs holds ours.
enum class Stored {
  as_is,       ///< [out, in], as ours
  transposed,  ///< [in, out]: GPT-2's Conv1D
  less_one,    ///< theirs + 1 is ours: Gemma's norms
};

/// One learned tensor under both names, in which {} is the number of a layer. Several of ours may
/// be stacked in one of theirs, one below the other in the order of the table.
struct TensorNames {
  std::string_view ours;
  std::string_view theirs;
  Stored stored = Stored::as_is;
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
};

/// All of them.
std::span<const ModelType> model_types();

/// The tensors of `file` under our names, for a model whose parameters are those of `outline`; each
/// is read, and turned or cut, when it is asked for. Throws Error as `read_hugging_face` does.
TensorFile our_tensors(const TensorFile& file, const ModelType& type, const Parameters& outline);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_HUGGING_FACE_INTERNAL_H_
