// The Gaussian error linear unit.
#ifndef CLEARHEAD_OPS_GELU_H_
#define CLEARHEAD_OPS_GELU_H_

#include "clearhead/tape/tape.h"

namespace clearhead {

/// x · Φ(x), where Φ is the distribution function of the standard normal (Hendrycks and Gimpel
/// 2016). `tanh_approximation` uses their approximation, as GPT-2 does. As the ONNX operator
/// `Gelu`. x is f32 or f64.
Var gelu(const Var& x, bool tanh_approximation = false);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_GELU_H_
