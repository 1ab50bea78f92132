// clearhead lab parallel: recurrent steps wait for each other, those of attention do not.
#ifndef CLEARHEAD_APPS_CLI_LAB_PARALLEL_H_
#define CLEARHEAD_APPS_CLI_LAB_PARALLEL_H_

#include "apps/cli/lab/options.h"

namespace clearhead::cli {

/// Measures how long four networks of equal size take for one sequence (bench/sequence_time.h), on
/// one thread and on several, and shows it. Ctrl-C ends it with the rounds that there are.
void run_lab_parallel(const LabOptions& options);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_LAB_PARALLEL_H_
