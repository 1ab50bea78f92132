// TensorFile: looking up names.
#include "clearhead/tensor/tensor_file.h"

#include <algorithm>
#include <utility>

#include "clearhead/base/error.h"

namespace clearhead {

const TensorFile::Entry* TensorFile::find(std::string_view wanted) const {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const Entry& entry) { return entry.name == wanted; });
  return found == entries.end() ? nullptr : &*found;
}

const TensorFile::Entry& TensorFile::at(std::string_view wanted) const {
  if (const Entry* entry = find(wanted)) return *entry;
  std::vector<std::string> names;
  for (const Entry& entry : entries) names.push_back(entry.name);
  throw Error((name.empty() ? "" : name + ": ") + no_tensor(wanted, names));
}

Tensor TensorFile::read(std::string_view wanted) const { return at(wanted).read(); }

NamedTensors TensorFile::read_all() const {
  NamedTensors named{.tensors = {}, .metadata = metadata};
  for (const Entry& entry : entries) named.tensors.emplace_back(entry.name, entry.read());
  return named;
}

TensorFile as_file(const NamedTensors& named, std::string name) {
  TensorFile file{.name = std::move(name), .metadata = named.metadata};
  for (const auto& [tensor_name, tensor] : named.tensors) {
    file.entries.push_back({.name = tensor_name,
                            .type = std::string(dtype_name(tensor.dtype())),
                            .dtype = tensor.dtype(),
                            .shape = tensor.shape(),
                            .read = [tensor = tensor] { return tensor; }});
  }
  return file;
}

}  // namespace clearhead
