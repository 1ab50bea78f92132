// The lenses `ablate`, `patch` and `attribute`: what changes if one place after another is changed.
#ifndef CLEARHEAD_APPS_CLI_LENS_SWEEPS_H_
#define CLEARHEAD_APPS_CLI_LENS_SWEEPS_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

std::function<void()> set_up_lens_ablate(CLI::App& app);
std::function<void()> set_up_lens_patch(CLI::App& app);
std::function<void()> set_up_lens_attribute(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_LENS_SWEEPS_H_
