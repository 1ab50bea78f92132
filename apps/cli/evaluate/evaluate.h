// The command `clearhead evaluate`.
#ifndef CLEARHEAD_APPS_CLI_EVALUATE_EVALUATE_H_
#define CLEARHEAD_APPS_CLI_EVALUATE_EVALUATE_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

std::function<void()> set_up_evaluate(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_EVALUATE_EVALUATE_H_
