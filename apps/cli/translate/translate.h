// The command `clearhead translate`.
#ifndef CLEARHEAD_APPS_CLI_TRANSLATE_TRANSLATE_H_
#define CLEARHEAD_APPS_CLI_TRANSLATE_TRANSLATE_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead {

std::function<void()> set_up_translate(CLI::App& app);

}  // namespace clearhead

#endif  // CLEARHEAD_APPS_CLI_TRANSLATE_TRANSLATE_H_
