// clearhead claims read: what files of claims hold, and what of it was not understood.
#ifndef CLEARHEAD_APPS_CLI_CLAIMS_READ_H_
#define CLEARHEAD_APPS_CLI_CLAIMS_READ_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

/// Adds the options of `clearhead claims read` to `app`; the result runs it.
std::function<void()> set_up_claims_read(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_CLAIMS_READ_H_
