// The softmax over the last axis, with every step rounded to a given type.
#ifndef CLEARHEAD_OPS_ROUNDED_SOFTMAX_H_
#define CLEARHEAD_OPS_ROUNDED_SOFTMAX_H_

#include "clearhead/ops/softmax.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

/// softmax_steps(x) in the type `precision`: scores, differences, exponentials, their sum and the
/// weights are rounded to it (f64: calculated in it), then kept in the type of x. This is
/// `softmax_precision` of the ONNX operator `Attention`. In the gradient, rounding counts as the
/// identity. x is f32 or f64, `precision` a floating type.
SoftmaxSteps rounded_softmax_steps(const Var& x, DType precision);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_ROUNDED_SOFTMAX_H_
