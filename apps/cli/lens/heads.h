// The lens `heads`: what each head does with tokens that occur again.
#ifndef CLEARHEAD_APPS_CLI_LENS_HEADS_H_
#define CLEARHEAD_APPS_CLI_LENS_HEADS_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

std::function<void()> set_up_lens_heads(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_LENS_HEADS_H_
