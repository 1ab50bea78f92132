// The steps of attention: their names, meanings and axes.
#ifndef CLEARHEAD_APPS_CLI_ATTEND_STEPS_H_
#define CLEARHEAD_APPS_CLI_ATTEND_STEPS_H_

#include <string>
#include <vector>

#include "apps/cli/attend/inputs.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

/// What an axis of a step counts.
enum class Axis { batch, head, kv_head, query, key, past, token, component, in, out, one };

/// A value that the tape may have, with its axes, outermost first.
struct Step {
  std::string name;
  std::string meaning;
  std::vector<Axis> axes;
};

/// All that `clearhead attend` may record, in the order of the calculation.
const std::vector<Step>& all_steps();

/// Those that are on the tape.
std::vector<Step> steps_on(const Tape& tape);

/// The axes of a step's value: all, or the last ones of a mask that has fewer.
std::vector<Axis> axes_of(const Step& step, const Var& var);

/// "query", "kv head"
std::string axis_name(Axis axis);

/// The steps as labelled tables with formulas, at most `width` characters wide. Large matrices are
/// shown by their upper left corner, which the text says. `bold` makes names stand out on a terminal.
std::string print_steps(const Tape& tape, const AttendInputs& in, int width, bool bold);

}  // namespace clearhead

#endif  // CLEARHEAD_APPS_CLI_ATTEND_STEPS_H_
