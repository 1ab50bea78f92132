// How a number of each step of attention is explained. A step may be recorded in several ways (stored,
// rounded, as a computed view), which share these. Each is defined beside its operation. Not for users.
#ifndef CLEARHEAD_OPS_EXPLANATIONS_H_
#define CLEARHEAD_OPS_EXPLANATIONS_H_

#include "clearhead/tape/explain.h"

namespace clearhead {

/// x·factor
Calculation explain_scale(const Var& x, double factor, const Index& index);
/// cap·tanh(x/cap)
Calculation explain_softcap(const Var& x, double cap, const Index& index);
/// scores + bias, or −inf where the bias is
Calculation explain_mask(const Var& scores, const Var& bias, const Index& index);
/// max_j x_j over the last axis; `index` is one into a row_max [..., 1].
Calculation explain_row_max(const Var& x, const Index& index);
/// Σ_j exp(x_j − row_max) over the last axis; `index` is one into a row_sum [..., 1].
Calculation explain_row_sum(const Var& x, const Var& row_max, const Index& index);
/// The records of both: operand 0 is x, operand 1 of row_sum is row_max.
void describe_row_max(Record& op);
void describe_row_sum(Record& op);
/// exp(x − row_max) / row_sum
Calculation explain_softmax(const Var& x, const Var& row_max, const Var& row_sum,
                            const Index& index);

/// x_grad = p ⊙ (p_grad − Σ p·p_grad) of weights p over the last axis, operand 0 being x
GradientRecord softmax_gradient();

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_EXPLANATIONS_H_
