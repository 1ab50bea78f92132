// The command `clearhead embed`.
#ifndef CLEARHEAD_APPS_CLI_EMBED_EMBED_H_
#define CLEARHEAD_APPS_CLI_EMBED_EMBED_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

std::function<void()> set_up_embed(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_EMBED_EMBED_H_
