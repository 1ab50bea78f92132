// An open file of tensors: its index is known, and each tensor is read when it is asked for.
#ifndef CLEARHEAD_TENSOR_TENSOR_FILE_H_
#define CLEARHEAD_TENSOR_TENSOR_FILE_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/tensor/named_tensors.h"
#include "clearhead/tensor/tensor.h"

namespace clearhead {

/// A tensor that cannot be read (text, say, or an unknown type) does not keep the others from being
/// read. Copies read from the same file, which closes with the last of them. Several threads may
/// read, but not from a `.npz`.
struct TensorFile {
  /// One tensor of the file.
  struct Entry {
    std::string name;  ///< in the file
    std::string type;  ///< "f32", "u8", …; that of no tensor as the file writes it, "<U5"
    /// Of the tensor that reading gives: a "u8" becomes i64. None where it cannot be read.
    std::optional<DType> dtype;
    Shape shape;  ///< empty, as `type`, where the file does not say what it is
    /// Throws Error naming file and tensor if it cannot be read.
    std::function<Tensor()> read;
  };

  std::string name;                                  ///< of the file, in messages
  std::vector<Entry> entries = {};                   ///< in the order of the file, each name once
  std::map<std::string, std::string> metadata = {};  ///< only .safetensors has it

  /// The entry of this name; null if there is none.
  const Entry* find(std::string_view wanted) const;
  /// The entry of this name. If there is none, throws Error with close names.
  const Entry& at(std::string_view wanted) const;
  /// Reads the tensor of this name. If there is none, throws Error with close names.
  Tensor read(std::string_view wanted) const;
  /// Reads all. Throws Error at the first that cannot be read.
  NamedTensors read_all() const;
};

/// Tensors that are in memory, as a file of this name.
TensorFile as_file(const NamedTensors& named, std::string name);

}  // namespace clearhead

#endif  // CLEARHEAD_TENSOR_TENSOR_FILE_H_
