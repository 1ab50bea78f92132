// Root mean square normalisation.
#ifndef CLEARHEAD_OPS_RMS_NORM_H_
#define CLEARHEAD_OPS_RMS_NORM_H_

#include "clearhead/tape/tape.h"

namespace clearhead {

/// What RMS norm gives.
struct RmsNormOutput {
  Var y;      ///< [..., C]
  Var scale;  ///< [..., 1]: √(mean of x² + epsilon)
  /// [..., C]: x / scale, before the weight; a computed view, so only where everything is kept.
  Var normalized;
};

/// x / scale ⊙ weight over the last axis (Zhang and Sennrich 2019, equation 4): x [..., C], weight
/// [C]. As the ONNX operator `RMSNormalization` with axis −1. Both f32 or both f64. Gradients flow
/// through y alone, and include what passes through the scale. Throws Error if types or shapes do
/// not fit.
RmsNormOutput rms_norm(const Var& x, const Var& weight, double epsilon = 1e-5);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_RMS_NORM_H_
