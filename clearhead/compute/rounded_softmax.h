// The softmax over the last axis, with every step rounded to a given type.
#ifndef CLEARHEAD_COMPUTE_ROUNDED_SOFTMAX_H_
#define CLEARHEAD_COMPUTE_ROUNDED_SOFTMAX_H_

#include "clearhead/tensor/tensor.h"

namespace clearhead::compute {

/// All of the type of the scores, f32 or f64.
struct RoundedSoftmax {
  Tensor row_max;  ///< [..., 1]
  Tensor row_sum;  ///< [..., 1]
  Tensor pattern;  ///< [..., S]
};

/// The softmax of row-major scores [..., S] in the floating type `precision`: scores, differences,
/// exponentials, their sum and the weights are rounded to it. For f64 they are calculated in it.
RoundedSoftmax rounded_softmax(const Tensor& scores, DType precision);

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_ROUNDED_SOFTMAX_H_
