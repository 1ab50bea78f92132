// The steps of attention as labelled tables.
#ifndef CLEARHEAD_APPS_CLI_ATTEND_STEPS_H_
#define CLEARHEAD_APPS_CLI_ATTEND_STEPS_H_

#include <string>
#include <vector>

#include "apps/cli/attend/inputs.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/tape/tape.h"

namespace clearhead::cli {

/// The steps that are on the tape.
std::vector<AttentionStep> steps_on(const Tape& tape);

/// One step, or a value with its axes, as labelled tables. Above them stand its name, its formula
/// `from` (" = q·kᵀ") and its meaning.
std::string print_step(const AttentionStep& step, const std::string& from, const Var& value,
                       const AttendInputs& in, int width, bool bold);

/// The steps as labelled tables with formulas, at most `width` characters wide. Large matrices are
/// shown by their upper left corner, which the text says. `bold` makes names stand out on a
/// terminal.
std::string print_steps(const Tape& tape, const AttendInputs& in, int width, bool bold);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_ATTEND_STEPS_H_
