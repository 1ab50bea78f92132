// What the program says about itself.
#ifndef CLEARHEAD_APPS_CLI_HELP_H_
#define CLEARHEAD_APPS_CLI_HELP_H_

#include <functional>
#include <string>

#include "apps/cli/command.h"

namespace clearhead::cli {

/// What clearhead can do, and the one command to try first.
std::string overview();

/// The help of one command: use, options in groups, examples.
std::string command_help(const Command& command, const CLI::App& app);

/// `clearhead help [COMMAND]`.
std::function<void()> set_up_help(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_HELP_H_
