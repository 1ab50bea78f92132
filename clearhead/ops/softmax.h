// Softmax: numbers to weights that sum to 1.
#ifndef CLEARHEAD_OPS_SOFTMAX_H_
#define CLEARHEAD_OPS_SOFTMAX_H_

#include "clearhead/tape/tape.h"

namespace clearhead {

/// exp(x_j) / Σ_k exp(x_k) along an axis. x is f32 or f64.
///
/// A −inf gets exactly 0, whatever the others are. A row that has only −inf, or is empty, gets
/// zeros and takes no gradient. A NaN or +inf makes its own row NaN (except at −inf) and no other.
Var softmax(const Var& x, std::int64_t axis = -1);

/// The softmax over the last axis as a computed view, which takes no memory: rows are calculated
/// when they are asked for, and each time again. Takes no gradient. Undefined unless the tape keeps
/// everything.
Var softmax_view(const Var& x);

/// The softmax over the last axis, with its steps.
struct SoftmaxSteps {
  Var row_max;  ///< [..., 1]: the largest x; −inf in a row of −inf alone
  Var row_sum;  ///< [..., 1]: Σ exp(x − row_max); 0 in a row of −inf alone
  Var pattern;  ///< [..., S]: exp(x − row_max) / row_sum
};
/// The softmax over the last axis of x, with its steps. Gradients flow through `pattern` alone.
SoftmaxSteps softmax_steps(const Var& x);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_SOFTMAX_H_
