// Functions of one number over arrays of them, on all threads, and their gradients.
#ifndef CLEARHEAD_COMPUTE_ELEMENTWISE_H_
#define CLEARHEAD_COMPUTE_ELEMENTWISE_H_

#include <cstdint>

#include "clearhead/base/unary_function.h"
#include "clearhead/compute/into.h"

namespace clearhead::compute {

/// y = f(x) for n numbers, float or double; y may be x.
template <typename T>
void apply(UnaryFunction f, std::int64_t n, const T* x, T* y);

/// d_x = d_y·f'(x); does nothing if d_x is not wanted.
template <typename T>
void apply_backward(UnaryFunction f, std::int64_t n, const T* x, const T* d_y, Into<T> d_x);

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_ELEMENTWISE_H_
