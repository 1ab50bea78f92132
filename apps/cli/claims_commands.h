// clearhead claims: what is unusual about health-insurance claims, and where it stands.
#ifndef CLEARHEAD_APPS_CLI_CLAIMS_COMMANDS_H_
#define CLEARHEAD_APPS_CLI_CLAIMS_COMMANDS_H_

#include <vector>

#include "apps/cli/command.h"

namespace clearhead::cli {

/// The commands that `clearhead claims` is made of.
std::vector<Command> claims_commands();

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_CLAIMS_COMMANDS_H_
