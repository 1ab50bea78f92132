// clearhead claims score: how unusual each claim is, by kind, and which line makes it so.
#ifndef CLEARHEAD_APPS_CLI_CLAIMS_SCORE_H_
#define CLEARHEAD_APPS_CLI_CLAIMS_SCORE_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

/// Adds the options of `clearhead claims score` to `app`; the result runs it.
std::function<void()> set_up_claims_score(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_CLAIMS_SCORE_H_
