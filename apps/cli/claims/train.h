// clearhead claims train: a network learns what normal claims look like.
#ifndef CLEARHEAD_APPS_CLI_CLAIMS_TRAIN_H_
#define CLEARHEAD_APPS_CLI_CLAIMS_TRAIN_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

/// Adds the options of `clearhead claims train` to `app`; the result runs it.
std::function<void()> set_up_claims_train(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_CLAIMS_TRAIN_H_
