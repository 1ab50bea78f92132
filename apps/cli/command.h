// The commands of the program `clearhead`. A new one is a row in the table in commands.cc.
#ifndef CLEARHEAD_APPS_CLI_COMMAND_H_
#define CLEARHEAD_APPS_CLI_COMMAND_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/base/error.h"

namespace CLI {
class App;
}

namespace clearhead::cli {

struct Command {
  std::string name;      ///< one word
  std::string summary;   ///< half a line
  std::string usage;     ///< what follows "clearhead NAME "
  std::string examples;  ///< the end of its help, a line each
  /// Adds the command's options to `app` and returns what runs it once they are parsed. Null if the
  /// command is made of others.
  std::function<void()> (*set_up)(CLI::App& app);
  /// Those that it is made of (`clearhead claims read`), in the order of its help; else none.
  std::vector<Command> commands = {};
};

/// All commands, in the order in which the help lists them.
const std::vector<Command>& commands();
/// The one of `among` that is called `name`; null if there is none.
const Command* find_command(const std::vector<Command>& among, std::string_view name);
/// "clearhead claims read", of an app within others.
std::string full_name(const CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_COMMAND_H_
