// clearhead claims inject: alters clean claims in known ways.
#ifndef CLEARHEAD_APPS_CLI_CLAIMS_INJECT_H_
#define CLEARHEAD_APPS_CLI_CLAIMS_INJECT_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

/// Adds the options of `clearhead claims inject` to `app`; the result runs it.
std::function<void()> set_up_claims_inject(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_CLAIMS_INJECT_H_
