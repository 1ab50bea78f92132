// The formula and explanation of each step of attention. A step may be recorded in several ways
// (stored, rounded, as a computed view), which share these. Each is defined beside its operation.
// Not for users.
#ifndef CLEARHEAD_OPS_EXPLANATIONS_INTERNAL_H_
#define CLEARHEAD_OPS_EXPLANATIONS_INTERNAL_H_

#include "clearhead/tape/explain.h"

namespace clearhead {

// Each sets formula and explanation of a record whose operands are, in order, those named here.

/// x·factor of x
void describe_scale(Record& op, double factor);
/// cap·tanh(x/cap) of x
void describe_softcap(Record& op, double cap);
/// scores + bias, or −inf where the bias is, of scores and bias
void describe_mask(Record& op);
/// max_j x_j over the last axis, of x; the result is [..., 1].
void describe_row_max(Record& op);
/// Σ_j exp(x_j − row_max) over the last axis, of x and row_max; the result is [..., 1].
void describe_row_sum(Record& op);
/// exp(x − row_max) / row_sum of x, row_max and row_sum
void describe_softmax(Record& op);

/// x_grad = p ⊙ (p_grad − Σ p·p_grad) of weights p over the last axis, operand 0 being x
GradientRecord softmax_gradient();

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_EXPLANATIONS_INTERNAL_H_
