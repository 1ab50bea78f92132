// The softmax of whole rows with rounded steps, as fused attention calculates it tile by tile.
#include "clearhead/compute/rounded_softmax.h"

#include <limits>

#include "clearhead/base/parallel.h"
#include "clearhead/compute/attention_internal.h"
#include "clearhead/kernels/attention/tile.h"

namespace clearhead::compute {
namespace {

template <typename T>
RoundedSoftmax forward(const Tensor& x, kernels::SoftmaxRounding rounding) {
  Shape row_shape = x.shape();
  row_shape.back() = 1;
  RoundedSoftmax result{Tensor::empty(row_shape, dtype_of<T>),
                        Tensor::empty(row_shape, dtype_of<T>),
                        Tensor::empty(x.shape(), dtype_of<T>)};
  const std::int64_t n = x.size(-1);
  const T* const scores = x.data<T>();
  T* const row_max = result.row_max.mutable_data<T>();
  T* const row_sum = result.row_sum.mutable_data<T>();
  T* const pattern = result.pattern.mutable_data<T>();
  parallel_for(result.row_max.count(), [&](std::int64_t i) {
    const T* const row = scores + i * n;
    row_max[i] = kernels::softmax_row_max(-std::numeric_limits<T>::infinity(), row, n, rounding);
    row_sum[i] = kernels::softmax_round(
        static_cast<T>(kernels::softmax_row_sum(row, n, row_max[i], rounding)), rounding);
    for (std::int64_t s = 0; s < n; ++s) {
      pattern[i * n + s] = kernels::softmax_weight(row[s], row_max[i], row_sum[i], rounding);
    }
  });
  return result;
}

}  // namespace

RoundedSoftmax rounded_softmax(const Tensor& scores, DType precision) {
  const kernels::SoftmaxRounding rounding = rounding_to(precision);
  return scores.dtype() == DType::f64 ? forward<double>(scores, rounding)
                                      : forward<float>(scores, rounding);
}

}  // namespace clearhead::compute
