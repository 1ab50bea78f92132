// The command `clearhead generate`.
#ifndef CLEARHEAD_APPS_CLI_GENERATE_GENERATE_H_
#define CLEARHEAD_APPS_CLI_GENERATE_GENERATE_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

std::function<void()> set_up_generate(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_GENERATE_GENERATE_H_
