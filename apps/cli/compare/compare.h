// The command `clearhead compare`.
#ifndef CLEARHEAD_APPS_CLI_COMPARE_COMPARE_H_
#define CLEARHEAD_APPS_CLI_COMPARE_COMPARE_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

std::function<void()> set_up_compare(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_COMPARE_COMPARE_H_
