// What forward, backward and the steps of attention share: the call in the form that kernels take,
// and where rows lie in memory. Not for use outside this folder.
#ifndef CLEARHEAD_COMPUTE_ATTENTION_INTERNAL_H_
#define CLEARHEAD_COMPUTE_ATTENTION_INTERNAL_H_

#include <algorithm>
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

/// f(0) with a number of the type of calculation.
template <typename F>
auto with_type(const Attention& attention, F&& f) {
  return attention.q.dtype() == DType::f64 ? f(double{}) : f(float{});
}

/// A tensor [B, heads, rows, D] whose axes lie in memory in the order of those of `like`: heads
/// beside each other within a row, where a linear map has made them, or one after the other.
inline Tensor in_order_of(const Tensor& like, const Shape& shape) {
  if (like.strides()[1] >= like.strides()[2]) return Tensor::empty(shape, DType::f32);
  return Tensor::empty({shape[0], shape[2], shape[1], shape[3]}, DType::f32).transpose(1, 2);
}

/// to[h, t] = from[h, t], or to[h, t] += …, for heads [h, h + heads) of batch b; `from` is dense.
inline void put_rows(const float* from, std::int64_t b, std::int64_t h, std::int64_t heads,
                     std::int64_t rows, std::int64_t D, const HeadsInto<float>& to) {
  for (std::int64_t i = 0; i < heads; ++i) {
    for (std::int64_t t = 0; t < rows; ++t, from += D) {
      float* const row = to.data + b * to.stride_b + (h + i) * to.stride_h + t * to.stride_t;
      if (!to.add) {
        std::copy_n(from, D, row);
      } else {
        for (std::int64_t d = 0; d < D; ++d) row[d] += from[d];
      }
    }
  }
}

/// Whether this many numbers fit into half of a second-level cache of 2 MiB.
inline bool are_near(std::int64_t numbers) { return numbers <= (1 << 20) / 4; }

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_ATTENTION_INTERNAL_H_
