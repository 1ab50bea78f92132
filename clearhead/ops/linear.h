// The linear map of a layer.
#ifndef CLEARHEAD_OPS_LINEAR_H_
#define CLEARHEAD_OPS_LINEAR_H_

#include "clearhead/tape/tape.h"

namespace clearhead {

/// x·weightᵀ + bias over the last axis, as in PyTorch: x [..., in], weight [out, in], bias [out] or
/// none, result [..., out]. All f32 or all f64. Throws Error if types or shapes do not fit.
Var linear(const Var& x, const Var& weight, const Var& bias = {});

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_LINEAR_H_
