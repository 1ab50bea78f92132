// How the gradients on a tape came about, for explain.cc. Not for use outside this folder.
#ifndef CLEARHEAD_TAPE_GRADIENT_HISTORY_INTERNAL_H_
#define CLEARHEAD_TAPE_GRADIENT_HISTORY_INTERNAL_H_

#include <string>

#include "clearhead/tape/explain.h"

namespace clearhead {

/// If the number belongs to a nameless move (such as a reshape), the number that was moved; else
/// itself.
Operand seen_through(Operand from);

/// The formula of the gradient of `var`, e.g. "z_grad·vᵀ": a sum over all its uses.
std::string gradient_formula(const Var& var);

/// How the number at `index` of it came about.
Calculation gradient_calculation(const Var& var, const Index& index);

}  // namespace clearhead

#endif  // CLEARHEAD_TAPE_GRADIENT_HISTORY_INTERNAL_H_
