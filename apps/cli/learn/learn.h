// clearhead learn: the lessons, in the terminal.
#ifndef CLEARHEAD_APPS_CLI_LEARN_LEARN_H_
#define CLEARHEAD_APPS_CLI_LEARN_LEARN_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

/// Adds the options of `clearhead learn` to `app`; the result runs it.
std::function<void()> set_up_learn(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_LEARN_LEARN_H_
