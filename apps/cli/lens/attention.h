// The lenses `pattern`, `norms`, `gradients`, `rollout` and `zeroing`: matrices of queries and
// keys.
#ifndef CLEARHEAD_APPS_CLI_LENS_ATTENTION_H_
#define CLEARHEAD_APPS_CLI_LENS_ATTENTION_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

std::function<void()> set_up_lens_pattern(CLI::App& app);
std::function<void()> set_up_lens_norms(CLI::App& app);
std::function<void()> set_up_lens_gradients(CLI::App& app);
std::function<void()> set_up_lens_rollout(CLI::App& app);
std::function<void()> set_up_lens_zeroing(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_LENS_ATTENTION_H_
