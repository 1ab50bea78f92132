// Functions of one number, over arrays of them, and their gradients.
#ifndef CLEARHEAD_KERNELS_ROWS_ELEMENTWISE_H_
#define CLEARHEAD_KERNELS_ROWS_ELEMENTWISE_H_

#include <cstdint>

namespace clearhead::kernels {

/// σ is the sigmoid, Φ the distribution function of the standard normal. In brackets the largest
/// error on vectors of f32: of f(x), relative to |f(x)|; and of f'(x), relative to max(1, |f'(x)|).
/// The scalar reference in f32 keeps to the same, except for gelu below x = −2, where it errs by up
/// to 2e-5.
enum class Function {
  exp,      ///< e^x [2e-7; 2e-7]
  tanh,     ///< tanh(x) [3e-7; 3e-7]
  sigmoid,  ///< σ(x) = 1/(1 + e^−x) [4e-7; 2e-7]
  silu,     ///< x·σ(x) [4e-7; 3e-7]; Elfwing, Uchibe and Doya (2017), equation 4
  gelu,     ///< x·Φ(x) [5e-7; 3e-7]; Hendrycks and Gimpel (2016), section 2
  gelu_tanh,  ///< x·(1 + tanh(u))/2 = x·σ(2u), u = √(2/π)·(x + 0.044715·x³), their approximation of
              ///< it, which GPT-2 uses [4e-7·(1 + |u|); 3e-7]
};

// Of n numbers, at any alignment; T is float, on the processor's vectors, or double. A result below
// 2^-119 in f32 may be 0, except for exp. NaN gives NaN. An infinity gives what the formula gives:
// silu and gelu of −inf are −inf·0, which is NaN.

/// y = f(x); y may be x.
void apply(Function f, std::int64_t n, const float* x, float* y);
void apply(Function f, std::int64_t n, const double* x, double* y);

/// d_x = d_y·f'(x), or d_x += d_y·f'(x) if `accumulate`.
void apply_backward(Function f, std::int64_t n, const float* x, const float* d_y, float* d_x,
                    bool accumulate);
void apply_backward(Function f, std::int64_t n, const double* x, const double* d_y, double* d_x,
                    bool accumulate);

/// The reference: the same as plain loops, for float and double.
namespace scalar {
template <typename T>
void apply(Function f, std::int64_t n, const T* x, T* y);
template <typename T>
void apply_backward(Function f, std::int64_t n, const T* x, const T* d_y, T* d_x, bool accumulate);
}  // namespace scalar

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_ROWS_ELEMENTWISE_H_
