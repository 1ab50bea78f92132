// The logistic function.
#ifndef CLEARHEAD_OPS_SIGMOID_H_
#define CLEARHEAD_OPS_SIGMOID_H_

#include "clearhead/tape/tape.h"

namespace clearhead {

/// 1 / (1 + exp(−x)), element by element. x is f32 or f64.
Var sigmoid(const Var& x);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_SIGMOID_H_
