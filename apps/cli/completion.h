// Completion of commands and options in bash and zsh, made from the same description as the help.
#ifndef CLEARHEAD_APPS_CLI_COMPLETION_H_
#define CLEARHEAD_APPS_CLI_COMPLETION_H_

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace clearhead::cli {

std::string bash_completion(const CLI::App& program);
std::string zsh_completion(const CLI::App& program);

/// The command `clearhead completion`.
std::function<void()> set_up_completion(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_COMPLETION_H_
