// Functions of single numbers and their gradients, on all threads.
#include "clearhead/compute/elementwise.h"

#include "clearhead/base/parallel.h"
#include "clearhead/kernels/rows/elementwise.h"

namespace clearhead::compute {

template <typename T>
void apply(UnaryFunction f, std::int64_t n, const T* x, T* y) {
  for_each_piece(n, kPiece, [&](std::int64_t begin, std::int64_t end) {
    kernels::apply(f, end - begin, x + begin, y + begin);
  });
}

template <typename T>
void apply_backward(UnaryFunction f, std::int64_t n, const T* x, const T* d_y, Into<T> d_x) {
  if (!d_x) return;
  for_each_piece(n, kPiece, [&](std::int64_t begin, std::int64_t end) {
    kernels::apply_backward(f, end - begin, x + begin, d_y + begin, d_x.data + begin, d_x.add);
  });
}

template void apply(UnaryFunction, std::int64_t, const float*, float*);
template void apply(UnaryFunction, std::int64_t, const double*, double*);
template void apply_backward(UnaryFunction, std::int64_t, const float*, const float*, Into<float>);
template void apply_backward(UnaryFunction, std::int64_t, const double*, const double*,
                             Into<double>);

}  // namespace clearhead::compute
