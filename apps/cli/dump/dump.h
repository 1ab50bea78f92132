// The command `clearhead dump`.
#ifndef CLEARHEAD_APPS_CLI_DUMP_DUMP_H_
#define CLEARHEAD_APPS_CLI_DUMP_DUMP_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

std::function<void()> set_up_dump(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_DUMP_DUMP_H_
