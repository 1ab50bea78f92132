// The hyperbolic tangent.
#ifndef CLEARHEAD_OPS_TANH_H_
#define CLEARHEAD_OPS_TANH_H_

#include "clearhead/tape/tape.h"

namespace clearhead {

/// tanh(x), element by element. x is f32 or f64.
Var tanh(const Var& x);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_TANH_H_
