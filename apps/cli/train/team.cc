// A team through MPI, if this is built with it.
#include "apps/cli/train/team.h"

#ifdef CLEARHEAD_MPI
#include "clearhead/distributed/ranks.h"
#include "clearhead/distributed/training_team.h"
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
#endif
  train(std::make_shared<Team>());
}

}  // namespace clearhead::cli
