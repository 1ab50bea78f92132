// The rectified linear unit.
#ifndef CLEARHEAD_OPS_RELU_H_
#define CLEARHEAD_OPS_RELU_H_

#include "clearhead/tape/tape.h"

namespace clearhead {

/// max(x, 0), element by element (Nair and Hinton 2010). NaN stays NaN. x is f32 or f64.
Var relu(const Var& x);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_RELU_H_
