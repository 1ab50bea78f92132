// clearhead lab: experiments that show why attention replaced recurrence, and what it costs.
#ifndef CLEARHEAD_APPS_CLI_LAB_LAB_H_
#define CLEARHEAD_APPS_CLI_LAB_LAB_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

/// Adds the options of `clearhead lab` to `app`; the result runs it.
std::function<void()> set_up_lab(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_LAB_LAB_H_
