// A feed-forward part: in three steps where somebody looks at them, else in one operation where
// that is faster.
#ifndef CLEARHEAD_OPS_FEED_FORWARD_H_
#define CLEARHEAD_OPS_FEED_FORWARD_H_

#include "clearhead/base/activation.h"
#include "clearhead/base/precision.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

/// The weights of a feed-forward part.
struct FeedForwardWeights {
  Var w_in;   ///< [F, C]
  Var b_in;   ///< [F], or none
  Var w_out;  ///< [O, F]
  Var b_out;  ///< [O], or none
};

/// act(x), element by element.
Var activate(const Var& x, Activation activation);

/// act(x·w_inᵀ + b_in)·w_outᵀ + b_out over the last axis: x [..., C] → [..., O]. Types and errors
/// are those of `linear`.
///
/// If its steps are needed (`Tape::looks_into`), these are three operations, linear, activation and
/// linear, which record hook_pre and hook_post [..., F] within the current scope, before and after
/// the activation. Otherwise it is one operation where that is faster: with products of
/// Precision::medium on a processor with tiles. The result is that of the three, except for
/// rounding of sums. Memory is then O(rows·(C + O)): the F numbers in between are calculated again
/// for backward. In backward, numbers that are not finite spread further than with three
/// operations: from a row of x to the gradients of the weights, and from a weight to all that it is
/// multiplied with, even if a gradient is 0.
Var feed_forward(const Var& x, const FeedForwardWeights& weights, Activation activation,
                 Precision precision);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_FEED_FORWARD_H_
