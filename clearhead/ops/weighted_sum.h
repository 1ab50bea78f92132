// The last step of attention: the mean of the values under the weights.
#ifndef CLEARHEAD_OPS_WEIGHTED_SUM_H_
#define CLEARHEAD_OPS_WEIGHTED_SUM_H_

#include "clearhead/tape/tape.h"

namespace clearhead {

/// z = pattern·v over the visible pairs: pattern [..., T, S], v [..., S, Dv], z [..., T, Dv]; the
/// axes before the last two broadcast as in NumPy. `scores` has the shape of `pattern`; where it is
/// −inf the pair contributes nothing, forward and backward, even if v is NaN or infinite there
/// (0·NaN would be NaN), unless it was given a weight other than 0 all the same. Scores are only
/// read: no gradient flows to them. All f32 or all f64. Throws Error if types or shapes do not fit.
Var weighted_sum(const Var& pattern, const Var& scores, const Var& v);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_WEIGHTED_SUM_H_
