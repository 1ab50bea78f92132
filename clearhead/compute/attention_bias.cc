// The mask of attention as numbers that are added to the scores.
//
//     bias[b, h, t, s] = −inf                if query t does not see key s
//                      = mask[b, h, t, s]    if there is a float mask (its own −inf included)
//                      = 0                   otherwise
//
// A query does not see a key because of causality, a window, padding or a mask of bools. Forward
// broadcasts the mask [1|B, 1|H, 1|T, ≤S] to [1|B, 1|H, T, S]; backward sums over what was
// broadcast.
#include <limits>

#include "clearhead/base/parallel.h"
#include "clearhead/compute/attention_internal.h"

namespace clearhead::compute {
namespace {

template <typename T>
Tensor bias_tile(const Attention& a, const Index& begin, const Index& end) {
  const Shape shape = {end[0] - begin[0], end[1] - begin[1], end[2] - begin[2], end[3] - begin[3]};
  Tensor bias = Tensor::empty(shape, dtype_of<T>);
  const kernels::MaskView<T> mask = problem_of<T>(a).mask;
  T* const out = bias.mutable_data<T>();
  parallel_for(shape[0] * shape[1] * shape[2], [&](std::int64_t row) {
    const std::int64_t t = begin[2] + row % shape[2];
    const std::int64_t h = begin[1] + row / shape[2] % shape[1];
    const std::int64_t b = begin[0] + row / shape[2] / shape[1];
    const KeyRange range = a.visible_keys(b, t);
    for (std::int64_t s = begin[3]; s < end[3]; ++s) {
      const bool in_range = range.begin <= s && s < range.end;
      const std::int64_t at = in_range ? mask.offset(b, h, t, s) : 0;
      const bool seen = in_range && (mask.visible == nullptr || mask.visible[at]);
      out[row * shape[3] + s - begin[3]] = !seen ? -std::numeric_limits<T>::infinity()
                                           : mask.bias != nullptr ? mask.bias[at]
                                                                  : T{0};
    }
  });
  return bias;
}

}  // namespace

Shape attention_bias_shape(const Attention& a) {
  bool per_batch = a.mask.defined() && a.mask.size(0) > 1;
  for (const std::int64_t offset : a.offset) per_batch = per_batch || offset != a.offset[0];
  for (const std::int64_t count : a.key_count) per_batch = per_batch || count != a.key_count[0];
  const bool per_head = a.mask.defined() && a.mask.size(1) > 1;
  return {per_batch ? a.B : std::min<std::int64_t>(a.B, 1), per_head ? a.H : 1, a.T, a.S};
}

Tensor attention_bias(const Attention& a, const Index& begin, const Index& end) {
  return with_type(a, [&](auto zero) { return bias_tile<decltype(zero)>(a, begin, end); });
}

// d_mask[…] += d_bias[b, h, t, s] where query t sees key s by position.
template <typename T>
void attention_bias_backward(const Attention& a, const Tensor& d_bias, T* d_mask) {
  const kernels::MaskView<T> mask = problem_of<T>(a).mask;
  const T* const d_out = d_bias.data<T>();
  std::int64_t i = 0;
  for (std::int64_t b = 0; b < d_bias.size(0); ++b) {
    for (std::int64_t h = 0; h < d_bias.size(1); ++h) {
      for (std::int64_t t = 0; t < a.T; ++t, i += a.S) {
        const KeyRange range = a.visible_keys(b, t);
        for (std::int64_t s = range.begin; s < range.end; ++s) {
          d_mask[mask.offset(b, h, t, s)] += d_out[i + s];
        }
      }
    }
  }
}

template void attention_bias_backward(const Attention&, const Tensor&, float*);
template void attention_bias_backward(const Attention&, const Tensor&, double*);

}  // namespace clearhead::compute
