// The processes of `clearhead train`.
#ifndef CLEARHEAD_APPS_CLI_TRAIN_TEAM_H_
#define CLEARHEAD_APPS_CLI_TRAIN_TEAM_H_

#include <functional>
#include <memory>

#include "clearhead/train/team.h"

namespace clearhead::cli {

/// Calls `train` with the team that this process belongs to: that of mpirun, which started it, or
/// itself alone. What is thrown in a team ends all its processes and does not return. Throws
/// UsageError if several processes were started together and this is built without MPI.
void as_team(const std::function<void(const std::shared_ptr<Team>&)>& train);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_TRAIN_TEAM_H_
