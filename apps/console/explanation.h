// Where one number of a reading comes from, with the tokens that it belongs to.
#ifndef CLEARHEAD_APPS_CONSOLE_EXPLANATION_H_
#define CLEARHEAD_APPS_CONSOLE_EXPLANATION_H_

#include <string>

#include "apps/console/named_numbers.h"
#include "clearhead/lens/reading.h"

namespace clearhead::console {

/// The most steps back: further, all that a network calculated has a part in a number.
inline constexpr int kMostDepth = 8;

/// ` of "the" to "cat"`: the tokens that a number of a reading belongs to; "" if it has none.
std::string tokens_of(const Reading& reading, const std::string& name, const Index& place);

/// Explains the number `asked`, `depth` steps back. Throws UsageError, which begins with `given`,
/// if there is no such number.
std::string print_explanation(const Reading& reading, const Numbers& asked, int depth,
                              const std::string& given);

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_EXPLANATION_H_
