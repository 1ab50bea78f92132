// One step of AdamW.
#ifndef CLEARHEAD_KERNELS_ROWS_ADAMW_H_
#define CLEARHEAD_KERNELS_ROWS_ADAMW_H_

#include <cstdint>

namespace clearhead::kernels {

/// What a step needs to know beside the arrays.
struct AdamwOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.01;
  std::int64_t step = 1;  ///< counted from 1: 1/(1 − betaᵗ) takes back that m and v begin with 0
};

/// Of n parameters x, gradients d_x and their running means m and v, at any alignment:
///
///     m = beta1·m + (1 − beta1)·d_x
///     v = beta2·v + (1 − beta2)·d_x²
///     x = x − learning_rate·(m̂/(√v̂ + epsilon) + weight_decay·x)
///
/// where m̂ = m/(1 − beta1ᵗ) and v̂ = v/(1 − beta2ᵗ).
///
/// Source: Loshchilov and Hutter, "Decoupled weight decay regularization" (2019), algorithm 2, with
/// the learning rate for both α and η, as is usual. The decay is not part of d_x, so v̂ does not
/// scale it. T is float, on the processor's vectors, or double; in f32 each array errs by a few
/// roundings of the terms that it is summed from.
void adamw(const AdamwOptions& options, std::int64_t n, const float* d_x, float* m, float* v,
           float* x);
void adamw(const AdamwOptions& options, std::int64_t n, const double* d_x, double* m, double* v,
           double* x);

/// The numbers of a step, made once in f64.
template <typename T>
struct AdamwFactors {
  T beta1, rest1;  // 1 − beta1
  T beta2, rest2;
  T correction1, correction2;  // 1/(1 − betaᵗ); of the second the square root
  T epsilon, learning_rate;
  T keep;  // 1 − learning_rate·weight_decay
};
template <typename T>
AdamwFactors<T> adamw_factors(const AdamwOptions& options);

/// The reference: the same as plain loops, for float and double.
namespace scalar {
template <typename T>
void adamw(const AdamwOptions& options, std::int64_t n, const T* d_x, T* m, T* v, T* x);
}  // namespace scalar

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_ROWS_ADAMW_H_
