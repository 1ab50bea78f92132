// "Did you mean": the names that a mistyped one may have meant.
#ifndef CLEARHEAD_BASE_CLOSE_NAMES_H_
#define CLEARHEAD_BASE_CLOSE_NAMES_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace clearhead {

/// Up to `count` of `known`. Those that end in `name` as a part of their own come first, as
/// "blocks.0.attn.hook_z" ends in "hook_z"; then those that need the fewest single-character edits
/// to become it.
std::vector<std::string> close_names(std::string_view name, const std::vector<std::string>& known,
                                     std::size_t count);

/// The end of a message that a name does not exist: "; those most like it: a, b, c", or "" if none
/// is known.
std::string those_like(std::string_view name, const std::vector<std::string>& known);

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_CLOSE_NAMES_H_
