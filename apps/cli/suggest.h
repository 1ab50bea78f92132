// What somebody probably meant who mistyped an option or a command.
#ifndef CLEARHEAD_APPS_CLI_SUGGEST_H_
#define CLEARHEAD_APPS_CLI_SUGGEST_H_

#include <string>

namespace CLI {
class App;
}

namespace clearhead::cli {

/// What to say about an argument that `command` (or the program itself) does not know.
std::string unexpected_argument(const std::string& argument, const CLI::App& command);
/// What to say where a command is expected and `name` is none.
std::string unknown_command(const std::string& name);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_SUGGEST_H_
