// clearhead claims clauses: which clauses of a policy a text, a code or a claim may touch.
#ifndef CLEARHEAD_APPS_CLI_CLAIMS_CLAUSES_H_
#define CLEARHEAD_APPS_CLI_CLAIMS_CLAUSES_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

/// Adds the options of `clearhead claims clauses` to `app`; the result runs it.
std::function<void()> set_up_claims_clauses(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_CLAIMS_CLAUSES_H_
