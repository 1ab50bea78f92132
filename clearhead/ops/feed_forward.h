// A feed-forward part fused into one operation, for training and wherever nobody looks inside.
#ifndef CLEARHEAD_OPS_FEED_FORWARD_H_
#define CLEARHEAD_OPS_FEED_FORWARD_H_

#include "clearhead/base/activation.h"
#include "clearhead/base/precision.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

struct FeedForwardWeights {
  Var w_in;   ///< [F, C]
  Var b_in;   ///< [F], or none
  Var w_out;  ///< [O, F]
  Var b_out;  ///< [O], or none
};

/// Whether `feed_forward` serves, if nobody looks at what lies between (`Tape::looks_into`):
/// products are of Precision::medium on a processor with tiles, all is f32, the shapes fit, and x
/// has rows enough to gain.
bool takes_feed_forward(const Var& x, const FeedForwardWeights& weights, Activation activation,
                        Precision precision);

/// act(x·w_inᵀ + b_in)·w_outᵀ + b_out over the last axis: x [..., C] → [..., O], where
/// `takes_feed_forward` says so. What linear, the activation and linear give one after the other,
/// but for the rounding of sums, in O(rows·(C + O)) memory: the F numbers in between are calculated
/// again for backward. What is not finite spreads further there than from three operations: a row
/// of x to the gradients of the weights, a weight to all that it is multiplied with, though a
/// gradient be 0.
Var feed_forward(const Var& x, const FeedForwardWeights& weights, Activation activation);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_FEED_FORWARD_H_
