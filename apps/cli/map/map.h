// The command `clearhead map`.
#ifndef CLEARHEAD_APPS_CLI_MAP_MAP_H_
#define CLEARHEAD_APPS_CLI_MAP_MAP_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

std::function<void()> set_up_map(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_MAP_MAP_H_
