// The mask of attention scores.
#ifndef CLEARHEAD_OPS_MASK_H_
#define CLEARHEAD_OPS_MASK_H_

#include "clearhead/tape/tape.h"

namespace clearhead {

/// scores + bias. A bias of −inf *selects* −inf: whatever the score is, even +inf or NaN, the
/// result is −inf, and neither score nor bias takes a gradient there. `bias` broadcasts to the
/// shape of `scores`; both f32 or both f64. Throws Error if types or shapes do not fit.
Var mask(const Var& scores, const Var& bias);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_MASK_H_
