// The scores of additive attention.
#ifndef CLEARHEAD_OPS_ADDITIVE_SCORES_H_
#define CLEARHEAD_OPS_ADDITIVE_SCORES_H_

#include "clearhead/tape/tape.h"

namespace clearhead {

/// Σ_a v_a·tanh(q_a + k_a) for each query and key (Bahdanau et al. 2015, appendix A.1.2): q [B, T,
/// A] and k [B, S, A], both projected already, v [A], result [B, T, S]. All f32 or all f64. Throws
/// Error if types or shapes do not fit.
Var additive_scores(const Var& q, const Var& k, const Var& v);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_ADDITIVE_SCORES_H_
