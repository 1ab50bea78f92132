// The command `clearhead train`.
#ifndef CLEARHEAD_APPS_CLI_TRAIN_TRAIN_H_
#define CLEARHEAD_APPS_CLI_TRAIN_TRAIN_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

std::function<void()> set_up_train(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_TRAIN_TRAIN_H_
