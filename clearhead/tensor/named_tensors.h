// Several tensors by name, as a file holds them.
#ifndef CLEARHEAD_TENSOR_NAMED_TENSORS_H_
#define CLEARHEAD_TENSOR_NAMED_TENSORS_H_

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clearhead/tensor/tensor.h"

namespace clearhead {

/// Tensors with names, and strings about them.
struct NamedTensors {
  std::vector<std::pair<std::string, Tensor>> tensors;  ///< in the order of the file
  std::map<std::string, std::string> metadata;          ///< only .safetensors has it

  /// The tensor of this name; null if there is none.
  const Tensor* find(std::string_view name) const;
  /// The tensor of this name. If there is none, throws Error with close names.
  const Tensor& at(std::string_view name) const;
};

/// The message that there is no tensor `name` among `known`, with close names.
std::string no_tensor(std::string_view name, const std::vector<std::string>& known);

/// Throws Error, which starts with `where`, if a name occurs twice or a tensor is undefined.
void validate(const NamedTensors& named, const std::string& where);

}  // namespace clearhead

#endif  // CLEARHEAD_TENSOR_NAMED_TENSORS_H_
