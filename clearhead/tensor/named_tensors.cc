// NamedTensors: looking up names, and what a file must be able to hold.
#include "clearhead/tensor/named_tensors.h"

#include <algorithm>
#include <set>

#include "clearhead/base/close_names.h"
#include "clearhead/base/error.h"
#include "clearhead/tensor/stored.h"

namespace clearhead {
const Tensor* NamedTensors::find(std::string_view name) const {
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const auto& t) { return t.first == name; });
  return found == tensors.end() ? nullptr : &found->second;
}

const Tensor& NamedTensors::at(std::string_view name) const {
  if (const Tensor* tensor = find(name)) return *tensor;
  std::vector<std::string> names;
  for (const auto& [other, tensor] : tensors) names.push_back(other);
  throw Error(no_tensor(name, names));
}

std::string no_tensor(std::string_view name, const std::vector<std::string>& known) {
  constexpr std::size_t kShown = 5;
  const std::string missing = "there is no tensor " + in_quotes(name);
  if (known.empty()) return missing + ": there are none at all";
  std::string close;
  for (const std::string& other : close_names(name, known, kShown)) {
    close += (close.empty() ? "" : ", ") + in_quotes(other);
  }
  return missing + " among the " + std::to_string(known.size()) + "; those most like it: " + close;
}

void validate(const NamedTensors& named, const std::string& where) {
  std::set<std::string_view> seen;
  for (const auto& [name, tensor] : named.tensors) {
    require_defined(tensor, where + ": tensor " + in_quotes(name));
    if (!seen.insert(name).second) {
      throw Error(where + ": two tensors are called " + in_quotes(name));
    }
  }
}

}  // namespace clearhead
