// clearhead claims evaluate: what finds altered claims, and how well.
#ifndef CLEARHEAD_APPS_CLI_CLAIMS_EVALUATE_H_
#define CLEARHEAD_APPS_CLI_CLAIMS_EVALUATE_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

/// Adds the options of `clearhead claims evaluate` to `app`; the result runs it.
std::function<void()> set_up_claims_evaluate(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_CLAIMS_EVALUATE_H_
