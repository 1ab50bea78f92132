// A page as people use it: opened in Chromium, where a script presses its keys.
#ifndef CLEARHEAD_TESTS_BROWSER_H_
#define CLEARHEAD_TESTS_BROWSER_H_

#include <optional>
#include <string>

namespace clearhead {

/// Why pages cannot be used here: there is no Chromium, or sanitizers would only watch it.
std::optional<std::string> no_browser();

/// Opens `page` and runs `script` in it, which puts what it saw into the object `seen`. Returns
/// that as JSON; "" and a failure of the test if the script does not come to its end.
std::string seen_in_page(std::string page, const std::string& script);

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_BROWSER_H_
