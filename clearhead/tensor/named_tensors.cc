#include "clearhead/tensor/named_tensors.h"

#include <algorithm>
#include <set>

#include "clearhead/base/close_names.h"
#include "clearhead/base/error.h"
#include "clearhead/tensor/stored.h"

namespace clearhead {
namespace {

// "'a', 'b'": the few names most like `name`.
std::string names_like(std::string_view name, const NamedTensors& named) {
  std::vector<std::string> known;
  for (const auto& [other, tensor] : named.tensors) known.push_back(other);
  std::string text;
  for (const std::string& close : close_names(name, known, 5)) {
    text += (text.empty() ? "" : ", ") + in_quotes(close);
  }
  return text;
}

}  // namespace

const Tensor* NamedTensors::find(std::string_view name) const {
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const auto& t) { return t.first == name; });
  return found == tensors.end() ? nullptr : &found->second;
}

const Tensor& NamedTensors::at(std::string_view name) const {
  if (const Tensor* tensor = find(name)) return *tensor;
  const std::string missing = "there is no tensor " + in_quotes(name);
  if (tensors.empty()) throw Error(missing + ": there are none at all");
  throw Error(missing + " among the " + std::to_string(tensors.size()) +
              "; those most like it: " + names_like(name, *this));
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
