#include "clearhead/tensor/named_tensors.h"

#include <algorithm>
#include <set>

#include "clearhead/base/error.h"
#include "clearhead/tensor/stored.h"

namespace clearhead {
namespace {

// The least number of characters to insert, delete or replace to turn a into b (Levenshtein, 1966).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);  // distances of a's prefix to each prefix of b
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

// "'a', 'b'": the few names most like `name`.
std::string names_like(std::string_view name, const NamedTensors& named) {
  constexpr std::size_t kShown = 5;
  constexpr std::size_t kLongest = 200;  // characters compared
  std::vector<std::pair<std::size_t, std::string_view>> ranked;
  for (const auto& [other, tensor] : named.tensors) {
    ranked.emplace_back(
        edit_distance(name.substr(0, kLongest), std::string_view(other).substr(0, kLongest)),
        other);
  }
  const std::size_t shown = std::min(kShown, ranked.size());
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(shown),
                    ranked.end());
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) text += (i ? ", " : "") + in_quotes(ranked[i].second);
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
