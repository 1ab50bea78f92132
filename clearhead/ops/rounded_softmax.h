// The softmax over the last axis with every step rounded to a type of its own.
#ifndef CLEARHEAD_OPS_ROUNDED_SOFTMAX_H_
#define CLEARHEAD_OPS_ROUNDED_SOFTMAX_H_

#include "clearhead/ops/softmax.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

/// softmax_steps(x) as if x were of type `precision`: scores, differences, exponentials, their sum
/// and the weights are rounded to it (in f64: calculated in it), then kept in the type of x. As
/// ONNX `Attention` has `softmax_precision`. For the gradient, rounding counts as the identity. x
/// is f32 or f64, `precision` a floating type.
SoftmaxSteps rounded_softmax_steps(const Var& x, DType precision);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_ROUNDED_SOFTMAX_H_
