// Where one number of a step comes from, as text.
#ifndef CLEARHEAD_APPS_CLI_ATTEND_EXPLANATION_H_
#define CLEARHEAD_APPS_CLI_ATTEND_EXPLANATION_H_

#include <string>

#include "apps/cli/attend/options.h"
#include "clearhead/tape/tape.h"

namespace clearhead::cli {

/// Explains the number `options.explain`, which is given, `options.depth` steps back. Throws
/// UsageError if there is no such value or place, saying which there are.
std::string print_explanation(const Tape& tape, const AttendOptions& options);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_ATTEND_EXPLANATION_H_
