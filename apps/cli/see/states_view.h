// The states of a recurrent network without attention.
#ifndef CLEARHEAD_APPS_CLI_SEE_STATES_VIEW_H_
#define CLEARHEAD_APPS_CLI_SEE_STATES_VIEW_H_

#include "apps/cli/see/options.h"
#include "clearhead/lens/reading.h"
#include "clearhead/plot/heatmap.h"

namespace clearhead::cli {

/// The states of every layer and direction after each token, a panel each.
plot::Heatmap all_states_heatmap(const Reading& reading, const SeeOptions& options);

/// The panel of `all_states_heatmap` that is shown large: --layer, or the last, which predicts.
/// Throws Error if there is none.
plot::Heatmap states_heatmap(const Reading& reading, const SeeOptions& options);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_SEE_STATES_VIEW_H_
