// The command `clearhead classify`.
#ifndef CLEARHEAD_APPS_CLI_CLASSIFY_CLASSIFY_H_
#define CLEARHEAD_APPS_CLI_CLASSIFY_CLASSIFY_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

std::function<void()> set_up_classify(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_CLASSIFY_CLASSIFY_H_
