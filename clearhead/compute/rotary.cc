// Rotary positions, on all threads.
#include "clearhead/compute/rotary.h"

#include <algorithm>

#include "clearhead/base/parallel.h"

namespace clearhead::compute {
namespace {

template <typename T>
Tensor turned(const Tensor& x, const Turn& turn, bool back) {
  const std::int64_t H = x.size(1), length = x.size(2), D = x.size(3);
  Tensor result = Tensor::empty(x.shape(), x.dtype());
  T* to = result.mutable_data<T>();
  const T sign = back ? T{-1} : T{1};
  for_each_rows(x.size(0) * H * length, D, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const std::int64_t b = r / (H * length), h = r / length % H, t = r % length;
      const T* in = x.data<T>() + b * x.strides()[0] + h * x.strides()[1] + t * x.strides()[2];
      T* out = to + r * D;
      const T* cos = turn.cos.data<T>() + turn.row(b, t, length);
      const T* sin = turn.sin.data<T>() + turn.row(b, t, length);
      for (std::int64_t i = 0; i < turn.n; ++i) {
        const std::int64_t at_a = i * turn.step, at_b = at_a + turn.apart;
        const T a = in[at_a], other = in[at_b];
        out[at_a] = a * cos[i] - other * (sign * sin[i]);
        out[at_b] = a * (sign * sin[i]) + other * cos[i];
      }
      std::copy(in + 2 * turn.n, in + D, out + 2 * turn.n);
    }
  });
  return result;
}

}  // namespace

Tensor turned(const Tensor& x, const Turn& turn, bool back) {
  return x.dtype() == DType::f64 ? turned<double>(x, turn, back) : turned<float>(x, turn, back);
}

}  // namespace clearhead::compute
