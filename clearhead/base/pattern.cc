// Matching in linear space and without recursion.
#include "clearhead/base/pattern.h"

#include <cstddef>

namespace clearhead {

// What "*" stands for grows from nothing, and only that of the last "*" met need grow again: the
// one before it has let the rest begin as early as it can.
bool matches_pattern(std::string_view pattern, std::string_view text) {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t p = 0, t = 0, star = kNone,
              covered = 0;  // text before `covered` is matched up to `star`
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      covered = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != kNone) {
      p = star + 1;
      t = ++covered;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == kNone;
}

}  // namespace clearhead
