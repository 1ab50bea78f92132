// Functions of one number, over arrays of them, and their gradients.
#ifndef CLEARHEAD_KERNELS_ROWS_ELEMENTWISE_H_
#define CLEARHEAD_KERNELS_ROWS_ELEMENTWISE_H_

#include <cstdint>

#include "clearhead/base/unary_function.h"

namespace clearhead::kernels {

// Of n numbers, at any alignment; T is float, on the processor's vectors, or double. A result below
// 2^-119 in f32 may be 0, except for exp. NaN gives NaN. An infinity gives what the formula gives:
// silu and gelu of −inf are −inf·0, which is NaN.

/// y = f(x); y may be x.
void apply(UnaryFunction f, std::int64_t n, const float* x, float* y);
void apply(UnaryFunction f, std::int64_t n, const double* x, double* y);

/// d_x = d_y·f'(x), or d_x += d_y·f'(x) if `accumulate`.
void apply_backward(UnaryFunction f, std::int64_t n, const float* x, const float* d_y, float* d_x,
                    bool accumulate);
void apply_backward(UnaryFunction f, std::int64_t n, const double* x, const double* d_y,
                    double* d_x, bool accumulate);

/// The reference: the same as plain loops, for float and double.
namespace scalar {
template <typename T>
void apply(UnaryFunction f, std::int64_t n, const T* x, T* y);
template <typename T>
void apply_backward(UnaryFunction f, std::int64_t n, const T* x, const T* d_y, T* d_x,
                    bool accumulate);
}  // namespace scalar

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_ROWS_ELEMENTWISE_H_
