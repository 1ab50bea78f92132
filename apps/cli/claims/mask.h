// clearhead claims mask: claims without what tells who they are about.
#ifndef CLEARHEAD_APPS_CLI_CLAIMS_MASK_H_
#define CLEARHEAD_APPS_CLI_CLAIMS_MASK_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

/// Adds the options of `clearhead claims mask` to `app`; the result runs it.
std::function<void()> set_up_claims_mask(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_CLAIMS_MASK_H_
