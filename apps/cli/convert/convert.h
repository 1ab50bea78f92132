// The command `clearhead convert`.
#ifndef CLEARHEAD_APPS_CLI_CONVERT_CONVERT_H_
#define CLEARHEAD_APPS_CLI_CONVERT_CONVERT_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

std::function<void()> set_up_convert(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_CONVERT_CONVERT_H_
