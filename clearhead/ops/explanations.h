// How the steps of attention explain a number, for those that record the same step in different ways: stored, rounded, or
// as a computed view. Each is defined beside its operation. Not for users.
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
/// exp(x − row_max) / row_sum
Calculation explain_softmax(const Var& x, const Var& row_max, const Var& row_sum,
                            const Index& index);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_EXPLANATIONS_H_
