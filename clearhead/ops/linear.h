// The linear map of a layer.
#ifndef CLEARHEAD_OPS_LINEAR_H_
#define CLEARHEAD_OPS_LINEAR_H_

#include <span>
#include <vector>

#include "clearhead/base/precision.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

/// x·weightᵀ + bias over the last axis, as in PyTorch: x [..., in], weight [out, in], bias [out] or
/// none, result [..., out]. All f32 or all f64. With f32, the weight may be stored as bf16 (half
/// the bytes): for a few rows of x it is read where it lies, else widened once for the call.
/// `precision` is that of the products in f32, forward and backward; docs/numerics.md states the
/// errors. Throws Error if types or shapes do not fit.
Var linear(const Var& x, const Var& weight, const Var& bias = {},
           Precision precision = Precision::highest);

/// The same as a computed view, which takes no memory: what is asked for is calculated, each time
/// again. Gradients flow as in `linear`. Undefined unless the tape keeps everything.
Var linear_view(const Var& x, const Var& weight, const Var& bias = {},
                Precision precision = Precision::highest);

/// The weights of one linear map.
struct LinearWeights {
  Var weight, bias;  ///< [out, in], and [out] or none
};

/// The same for several weights and one x, as one operation. For few rows of x, as when the next
/// token is generated, one loop over all threads reads all weights. In Precision::medium x is
/// packed only once.
std::vector<Var> linears(const Var& x, std::span<const LinearWeights> all,
                         Precision precision = Precision::highest);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_LINEAR_H_
