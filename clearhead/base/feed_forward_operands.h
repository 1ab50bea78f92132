// What a feed-forward part is calculated from, as it lies in memory:
//
//     y = f(x·W_inᵀ + b_in)·W_outᵀ + b_out
#ifndef CLEARHEAD_BASE_FEED_FORWARD_OPERANDS_H_
#define CLEARHEAD_BASE_FEED_FORWARD_OPERANDS_H_

#include "clearhead/base/activation.h"
#include "clearhead/base/matrix_view.h"

namespace clearhead {

/// A bias may be nullptr.
struct FeedForwardOperands {
  MatrixView<const float> x;      ///< [R, C]
  MatrixView<const float> w_in;   ///< [F, C]
  const float* b_in;              ///< [F]
  MatrixView<const float> w_out;  ///< [O, F]
  const float* b_out;             ///< [O]
  Activation activation;          ///< f
};

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_FEED_FORWARD_OPERANDS_H_
