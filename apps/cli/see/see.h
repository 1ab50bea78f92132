// The command `clearhead see`.
#ifndef CLEARHEAD_APPS_CLI_SEE_SEE_H_
#define CLEARHEAD_APPS_CLI_SEE_SEE_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

std::function<void()> set_up_see(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_SEE_SEE_H_
