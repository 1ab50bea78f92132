// The formula and explanation of each step of attention. A step may be recorded in several ways
// (stored, rounded, as a computed view), which share these. Each is defined beside its operation.
// Not for users.
#ifndef CLEARHEAD_OPS_EXPLANATIONS_INTERNAL_H_
#define CLEARHEAD_OPS_EXPLANATIONS_INTERNAL_H_

#include "clearhead/ops/matmul.h"
#include "clearhead/tape/explain.h"

namespace clearhead {

// Each sets formula and explanation of a record whose operands are, in order, those named here.

/// a·b of a and b; the heads of one may be shared by groups of the other's.
void describe_matmul(Record& op, MatmulOptions options);
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

/// z[..., t, e] = Σ_s pattern[..., t, s]·v[..., s, e] over the keys s that query t sees, by the
/// scores. The heads of v may be shared by groups of those of the others.
Calculation explain_weighted_sum(const Var& z, const Var& pattern, const Var& scores, const Var& v,
                                 const Index& index);

/// The place in an operand of shape `shape` [..., M, N] of what the element `index` of a result of
/// shape `result` is made of: axes before the last two are repeated, or each place of them is
/// shared by a group of neighbours. The last two of `index` are the operand's own.
Index shared_index(const Index& index, const Shape& result, const Shape& shape);

/// x_grad = p ⊙ (p_grad − Σ p·p_grad) of weights p over the last axis, operand 0 being x
GradientRecord softmax_gradient();

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_EXPLANATIONS_INTERNAL_H_
