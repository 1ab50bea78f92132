// clearhead lab knobs: what the sizes of a GPT cost, and what they bring.
#ifndef CLEARHEAD_APPS_CLI_LAB_KNOBS_H_
#define CLEARHEAD_APPS_CLI_LAB_KNOBS_H_

#include "apps/cli/lab/options.h"

namespace clearhead::cli {

/// Turns channels, heads, layers and context of `kKnobsBase`, one at a time. Of each GPT: the time
/// of a training step, that of its attention alone, memory, parameters, and the validation loss
/// after equal work, in multiply-adds (clearhead/models/work.h). Ctrl-C ends it with what there is.
void run_lab_knobs(const LabOptions& options);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_LAB_KNOBS_H_
