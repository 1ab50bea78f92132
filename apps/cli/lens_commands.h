// clearhead lens: what a network does with a text, and why it predicts what it does.
#ifndef CLEARHEAD_APPS_CLI_LENS_COMMANDS_H_
#define CLEARHEAD_APPS_CLI_LENS_COMMANDS_H_

#include <vector>

#include "apps/cli/command.h"

namespace clearhead::cli {

/// The commands that `clearhead lens` is made of.
std::vector<Command> lens_commands();

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_LENS_COMMANDS_H_
