// The softmax over the last axis with every step rounded to a type of its own.
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

/// The softmax of row-major scores [..., S] as if they were of the floating type `precision`:
/// scores, differences, exponentials, their sum and the weights are rounded to it (in f64:
/// calculated in it).
RoundedSoftmax rounded_softmax(const Tensor& scores, DType precision);

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_ROUNDED_SOFTMAX_H_
