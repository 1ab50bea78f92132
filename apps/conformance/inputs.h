// A case's inputs as operations take them, for the files that run operators.
#ifndef CLEARHEAD_APPS_CONFORMANCE_INPUTS_H_
#define CLEARHEAD_APPS_CONFORMANCE_INPUTS_H_

#include <cstddef>

#include "apps/conformance/case.h"
#include "clearhead/tape/tape.h"

namespace clearhead::conformance {

/// Input `i` of a case; undefined if it is left out.
Tensor input(const Case& c, std::size_t i);

/// The same on a tape.
Var on_tape(Tape& tape, const Case& c, std::size_t i);

/// Throws Error unless the case has the first `least` inputs, and no more than `most`.
void require_inputs(const Case& c, std::size_t least, std::size_t most);

}  // namespace clearhead::conformance

#endif  // CLEARHEAD_APPS_CONFORMANCE_INPUTS_H_
