// Attention of the inputs, recorded on a tape.
#ifndef CLEARHEAD_APPS_CLI_ATTEND_CALCULATE_H_
#define CLEARHEAD_APPS_CLI_ATTEND_CALCULATE_H_

#include "apps/cli/attend/inputs.h"
#include "apps/cli/attend/options.h"
#include "clearhead/tape/tape.h"

namespace clearhead::cli {

/// Records attention of `in` on `tape`: inputs under their names, projections if there are weights,
/// the steps, and with W_O what comes out of the layer. Throws Error if they do not fit.
void calculate(const AttendInputs& in, const AttendOptions& options, Tape& tape);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_ATTEND_CALCULATE_H_
