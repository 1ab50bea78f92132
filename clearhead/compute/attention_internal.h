// What forward, backward and the steps of attention share: the call in the form that kernels take,
// and where rows lie in memory. Not for use outside this folder.
#ifndef CLEARHEAD_COMPUTE_ATTENTION_INTERNAL_H_
#define CLEARHEAD_COMPUTE_ATTENTION_INTERNAL_H_

#include <cstdint>

#include "clearhead/compute/attention.h"
#include "clearhead/kernels/attention/problem.h"

namespace clearhead::compute {

/// Of a softmax whose steps are rounded to `type`, a floating type.
kernels::SoftmaxRounding rounding_to(DType type);

/// Operands and rule in the form that kernels take. It points into `attention`, which must outlive
/// it.
template <typename T>
kernels::AttentionProblem<T> problem_of(const Attention& attention);

/// The rows of a tensor [B, heads, rows, D] whose last axis has no gaps; none, if it is undefined.
template <typename T>
HeadsView<T> heads_view(const Tensor& tensor) {
  if (!tensor.defined()) return {};
  return {tensor.data<T>(), tensor.strides()[0], tensor.strides()[1], tensor.strides()[2]};
}

/// f(0) with a number of the type of calculation.
template <typename F>
auto with_type(const Attention& attention, F&& f) {
  return attention.q.dtype() == DType::f64 ? f(double{}) : f(float{});
}

/// A tensor [B, heads, rows, D] of the type of `like`, whose axes lie in memory in the same order:
/// heads beside each other within a row, where a linear map has made them, or one after the other.
inline Tensor in_order_of(const Tensor& like, const Shape& shape) {
  if (like.strides()[1] >= like.strides()[2]) return Tensor::empty(shape, like.dtype());
  return Tensor::empty({shape[0], shape[2], shape[1], shape[3]}, like.dtype()).transpose(1, 2);
}

/// Whether this many numbers fit into half of a second-level cache of 2 MiB.
inline bool are_near(std::int64_t numbers) { return numbers <= (1 << 20) / 4; }

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_ATTENTION_INTERNAL_H_
