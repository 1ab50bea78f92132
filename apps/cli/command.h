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
  std::string name;
  std::string summary;   ///< half a line
  std::string usage;     ///< what follows "clearhead NAME "
  std::string examples;  ///< the end of its help, a line each
  /// Adds the command's options to `app` and returns what runs it once they are parsed.
  std::function<void()> (*set_up)(CLI::App& app);
};

/// All commands, in the order in which the help lists them.
const std::vector<Command>& commands();
/// The one called `name`; null if there is none.
const Command* find_command(std::string_view name);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_COMMAND_H_
