// Suggestions for a mistyped option or command.
#ifndef CLEARHEAD_APPS_CLI_SUGGEST_H_
#define CLEARHEAD_APPS_CLI_SUGGEST_H_

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace clearhead::cli {

/// The message about arguments, at least one, that `command` (or the program itself) has no place
/// for.
std::string unexpected_arguments(const std::vector<std::string>& arguments,
                                 const CLI::App& command);
/// The message that `name` is not a command of `app`.
std::string unknown_command(const std::string& name, const CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_SUGGEST_H_
