// The command `clearhead explain`.
#ifndef CLEARHEAD_APPS_CLI_EXPLAIN_EXPLAIN_H_
#define CLEARHEAD_APPS_CLI_EXPLAIN_EXPLAIN_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

std::function<void()> set_up_explain(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_EXPLAIN_EXPLAIN_H_
