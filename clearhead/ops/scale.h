// Multiplication with a constant.
#ifndef CLEARHEAD_OPS_SCALE_H_
#define CLEARHEAD_OPS_SCALE_H_

#include "clearhead/tape/tape.h"

namespace clearhead {

/// x · factor, with the factor rounded to the type of x: f32 or f64.
Var scale(const Var& x, double factor);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_SCALE_H_
