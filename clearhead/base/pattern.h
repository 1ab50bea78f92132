// Names by pattern: "*" stands for any text.
#ifndef CLEARHEAD_BASE_PATTERN_H_
#define CLEARHEAD_BASE_PATTERN_H_

#include <string_view>

namespace clearhead {

/// Whether `text` is `pattern`, in which "*" stands for any text, also for none.
bool matches_pattern(std::string_view pattern, std::string_view text);

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_PATTERN_H_
