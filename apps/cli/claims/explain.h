// clearhead claims explain: why one claim is unusual, line by line, down to the numbers.
#ifndef CLEARHEAD_APPS_CLI_CLAIMS_EXPLAIN_H_
#define CLEARHEAD_APPS_CLI_CLAIMS_EXPLAIN_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

/// Adds the options of `clearhead claims explain` to `app`; the result runs it.
std::function<void()> set_up_claims_explain(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_CLAIMS_EXPLAIN_H_
