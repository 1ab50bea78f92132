// The command `clearhead translate`.
#ifndef CLEARHEAD_APPS_CLI_TRANSLATE_TRANSLATE_H_
#define CLEARHEAD_APPS_CLI_TRANSLATE_TRANSLATE_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

std::function<void()> set_up_translate(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_TRANSLATE_TRANSLATE_H_
