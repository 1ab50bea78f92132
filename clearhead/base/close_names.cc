// The names that a mistyped one may have meant.
#include "clearhead/base/close_names.h"

#include <algorithm>
#include <utility>

namespace clearhead {
namespace {

constexpr std::size_t kLongest = 200;  // characters compared; names from files may be of any length

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

}  // namespace

std::vector<std::string> close_names(std::string_view name, const std::vector<std::string>& known,
                                     std::size_t count) {
  std::vector<std::pair<std::size_t, std::string>> ranked;
  const std::string end = "." + std::string(name);
  for (const std::string& other : known) {
    if (other.empty()) continue;  // a column without a name
    ranked.emplace_back(
        other.ends_with(end)
            ? 0
            : edit_distance(name.substr(0, kLongest), std::string_view(other).substr(0, kLongest)),
        other);
  }
  const std::size_t shown = std::min(count, ranked.size());
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(shown),
                    ranked.end());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < shown; ++i) names.push_back(std::move(ranked[i].second));
  return names;
}

std::string those_like(std::string_view name, const std::vector<std::string>& known) {
  std::string text;
  for (const std::string& close : close_names(name, known, 3)) {
    text += (text.empty() ? "; those most like it: " : ", ") + close;
  }
  return text;
}

}  // namespace clearhead
