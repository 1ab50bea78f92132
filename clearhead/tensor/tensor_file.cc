// TensorFile: looking up names.
#include "clearhead/tensor/tensor_file.h"

#include <algorithm>

#include "clearhead/base/error.h"

namespace clearhead {

const TensorFile::Entry* TensorFile::find(std::string_view wanted) const {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const Entry& entry) { return entry.name == wanted; });
  return found == entries.end() ? nullptr : &*found;
}

Tensor TensorFile::read(std::string_view wanted) const {
  if (const Entry* entry = find(wanted)) return entry->read();
  std::vector<std::string> names;
  for (const Entry& entry : entries) names.push_back(entry.name);
  throw Error(name + ": " + no_tensor(wanted, names));
}

NamedTensors TensorFile::read_all() const {
  NamedTensors named{.tensors = {}, .metadata = metadata};
  for (const Entry& entry : entries) named.tensors.emplace_back(entry.name, entry.read());
  return named;
}

}  // namespace clearhead
