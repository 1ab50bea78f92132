// A feed-forward part fused into one operation, for training and wherever its steps are not needed.
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

/// Whether `feed_forward` can be used, if its steps are not needed (`Tape::looks_into`): products
/// are of Precision::medium on a processor with tiles, all is f32, the shapes fit, and x has enough
/// rows.
bool takes_feed_forward(const Var& x, const FeedForwardWeights& weights, Activation activation,
                        Precision precision);

/// act(x·w_inᵀ + b_in)·w_outᵀ + b_out over the last axis: x [..., C] → [..., O], if
/// `takes_feed_forward`. The result is that of linear, activation and linear, except for rounding
/// of sums. Memory is O(rows·(C + O)): the F numbers in between are calculated again for backward.
/// In backward, numbers that are not finite spread further than with three operations: from a row
/// of x to the gradients of the weights, and from a weight to all that it is multiplied with, even
/// if a gradient is 0.
Var feed_forward(const Var& x, const FeedForwardWeights& weights, Activation activation);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_FEED_FORWARD_H_
