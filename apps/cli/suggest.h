// Suggestions for a mistyped option or command.
#ifndef CLEARHEAD_APPS_CLI_SUGGEST_H_
#define CLEARHEAD_APPS_CLI_SUGGEST_H_

#include <string>

namespace CLI {
class App;
}

namespace clearhead::cli {

/// The message about an argument that `command` (or the program itself) does not know.
std::string unexpected_argument(const std::string& argument, const CLI::App& command);
/// The message that `name` is not a command.
std::string unknown_command(const std::string& name);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_SUGGEST_H_
