// Layer normalisation.
#ifndef CLEARHEAD_OPS_LAYER_NORM_H_
#define CLEARHEAD_OPS_LAYER_NORM_H_

#include "clearhead/tape/tape.h"

namespace clearhead {

/// What layer norm gives.
struct LayerNormOutput {
  Var y;      ///< [..., C]
  Var mean;   ///< [..., 1]: mean of x
  Var scale;  ///< [..., 1]: √(variance of x + epsilon)
};

/// (x − mean) / scale ⊙ weight + bias over the last axis (Ba, Kiros and Hinton 2016, equation 4): x
/// [..., C], weight and bias [C], bias or none. As the ONNX operator `LayerNormalization` with axis
/// −1. All f32 or all f64. Gradients flow through y alone, and include what passes through the mean
/// and scale. Throws Error if types or shapes do not fit.
LayerNormOutput layer_norm(const Var& x, const Var& weight, const Var& bias = {},
                           double epsilon = 1e-5);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_LAYER_NORM_H_
