// clearhead lab memory: what recurrence forgets.
#ifndef CLEARHEAD_APPS_CLI_LAB_MEMORY_H_
#define CLEARHEAD_APPS_CLI_LAB_MEMORY_H_

#include "apps/cli/lab/options.h"

namespace clearhead::cli {

/// Trains four networks of equal size to recall a value over each distance
/// (clearhead/train/recall.h), and shows what they reach. Ctrl-C ends it with what there is.
void run_lab_memory(const LabOptions& options);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_LAB_MEMORY_H_
