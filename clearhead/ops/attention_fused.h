// What fused attention's forward (attention_fused.cc) and backward (attention_fused_backward.cc) share.
// Not for use elsewhere.
#ifndef CLEARHEAD_OPS_ATTENTION_FUSED_H_
#define CLEARHEAD_OPS_ATTENTION_FUSED_H_

#include <algorithm>
#include <cstdint>

#include "clearhead/base/parallel.h"
#include "clearhead/base/workspace.h"
#include "clearhead/ops/attention_internal.h"

namespace clearhead {

/// Adds to the gradients of q, k, v and the mask, inputs 0 to 3. d_z may have any strides.
void attention_backward(const PreparedAttention& prepared, const FusedForward& saved,
                        const Tensor& d_z, Gradients& gradients);

/// Calls f(i, memory) for every i < count, each some `multiply_adds` of work with `numbers` of memory. Small ones are taken
/// several at a time, to about 10 microseconds: what a thread's while and the memory are worth.
template <typename F>
void for_each_with_memory(std::int64_t numbers, std::int64_t count, std::int64_t multiply_adds,
                          const F& f) {
  constexpr std::int64_t kEnough = std::int64_t{1} << 20;
  const std::int64_t each =
      std::clamp<std::int64_t>(kEnough / std::max<std::int64_t>(multiply_adds, 1), 1, count);
  parallel_for(tile_count(count, each), [&](std::int64_t piece) {
    const Workspace<float> memory(numbers);
    const std::int64_t end = std::min((piece + 1) * each, count);
    for (std::int64_t i = piece * each; i < end; ++i) f(i, memory.get());
  });
}

/// Rows of z or of a gradient, head after head, wherever they lie: x[b, h, t, d] at data[b·stride_b +
/// h·stride_h + t·stride_t + d].
struct HeadRows {
  float* data = nullptr;
  std::int64_t stride_b = 0, stride_h = 0, stride_t = 0;

  HeadRows() = default;
  explicit HeadRows(Tensor& tensor)
      : data(tensor.mutable_data<float>()),
        stride_b(tensor.strides()[0]),
        stride_h(tensor.strides()[1]),
        stride_t(tensor.strides()[2]) {}

  float* row(std::int64_t b, std::int64_t h, std::int64_t t) const {
    return data + b * stride_b + h * stride_h + t * stride_t;
  }
};

/// A tensor [B, heads, rows, D] whose axes lie in memory in the order of those of `like`: heads beside
/// each other within a row, where a linear map has made them, or one after the other.
inline Tensor in_order_of(const Tensor& like, const Shape& shape) {
  if (like.strides()[1] >= like.strides()[2]) return Tensor::empty(shape, DType::f32);
  return Tensor::empty({shape[0], shape[2], shape[1], shape[3]}, DType::f32).transpose(1, 2);
}

/// to[h, t] = from[h, t], or to[h, t] += …, for heads [h, h + heads) of batch b; `from` is dense.
inline void put_rows(const float* from, std::int64_t b, std::int64_t h, std::int64_t heads,
                     std::int64_t rows, std::int64_t D, bool add, const HeadRows& to) {
  for (std::int64_t i = 0; i < heads; ++i) {
    for (std::int64_t t = 0; t < rows; ++t, from += D) {
      float* const row = to.row(b, h + i, t);
      if (!add) {
        std::copy_n(from, D, row);
      } else {
        for (std::int64_t d = 0; d < D; ++d) row[d] += from[d];
      }
    }
  }
}

/// Numbers that stay in half of a second-level cache of 2 MiB.
inline bool are_near(std::int64_t numbers) { return numbers <= (1 << 20) / 4; }

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_ATTENTION_FUSED_H_
