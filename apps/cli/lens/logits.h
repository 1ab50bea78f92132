// The lens `logits`: what the network would predict after each block.
#ifndef CLEARHEAD_APPS_CLI_LENS_LOGITS_H_
#define CLEARHEAD_APPS_CLI_LENS_LOGITS_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

std::function<void()> set_up_lens_logits(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_LENS_LOGITS_H_
