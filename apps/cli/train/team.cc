// A team through MPI, if this is built with it.
#include "apps/cli/train/team.h"

#include <string>

#ifdef CLEARHEAD_MPI
#include "clearhead/distributed/ranks.h"
#include "clearhead/distributed/training_team.h"
#else
#include "apps/console/usage_error.h"
#include "clearhead/base/launcher.h"
#endif

namespace clearhead::cli {

void as_team(const std::function<void(const std::shared_ptr<Team>&)>& train) {
#ifdef CLEARHEAD_MPI
  if (distributed::is_started_by_launcher()) {
    distributed::run_ranks([&](distributed::Ranks& ranks) {
      train(std::make_shared<distributed::TrainingTeam>(ranks));
    });
    return;
  }
#else
  if (launched_processes() > 1) {
    throw console::UsageError(
        std::to_string(launched_processes()) +
        " processes were started together, and each would train alone and write the same files: "
        "this clearhead is built without MPI; start one process, or build it with MPI "
        "(scripts/setup --for mpi, or cmake -D CLEARHEAD_MPI=ON)");
  }
#endif
  train(std::make_shared<Team>());
}

}  // namespace clearhead::cli
