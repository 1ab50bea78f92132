// The command `clearhead fill`.
#ifndef CLEARHEAD_APPS_CLI_FILL_FILL_H_
#define CLEARHEAD_APPS_CLI_FILL_FILL_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

std::function<void()> set_up_fill(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_FILL_FILL_H_
