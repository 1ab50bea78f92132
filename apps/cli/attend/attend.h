// The command `clearhead attend`.
#ifndef CLEARHEAD_APPS_CLI_ATTEND_ATTEND_H_
#define CLEARHEAD_APPS_CLI_ATTEND_ATTEND_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

std::function<void()> set_up_attend(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_ATTEND_ATTEND_H_
