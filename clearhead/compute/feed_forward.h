// A feed-forward part on all threads, as one calculation on tiles of bf16 (Precision::medium):
//
//     h = x·W_inᵀ + b_in      y = f(h)·W_outᵀ + b_out
//
// h, F numbers for each row of x, stays in the caches; backward calculates it again.
#ifndef CLEARHEAD_COMPUTE_FEED_FORWARD_H_
#define CLEARHEAD_COMPUTE_FEED_FORWARD_H_

#include "clearhead/base/feed_forward_operands.h"
#include "clearhead/base/precision.h"
#include "clearhead/compute/into.h"

namespace clearhead::compute {

/// Whether a part of these sizes is faster as one calculation, so that the functions below apply;
/// no numbers are read.
bool takes_feed_forward(const FeedForwardOperands& part, Precision precision);

/// y [R, O]
void feed_forward(const FeedForwardOperands& part, MatrixView<float> y);

/// What backward leaves, of the operands' shapes. That of b_out is the sum over the rows of dy.
struct FeedForwardGradients {
  Into<float> dx, dw_in, dw_out;  ///< where the gradients go
  float* db_in;                   ///< added to; nullptr if it is not wanted
};
/// The gradients, given dy [R, O]; the hidden numbers are calculated again.
void feed_forward_backward(const FeedForwardOperands& part, MatrixView<const float> dy,
                           const FeedForwardGradients& gradients);

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_FEED_FORWARD_H_
