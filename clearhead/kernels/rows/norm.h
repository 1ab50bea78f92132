// Layer norm and root-mean-square norm of rows.
#ifndef CLEARHEAD_KERNELS_ROWS_NORM_H_
#define CLEARHEAD_KERNELS_ROWS_NORM_H_

#include <cstdint>

#include "clearhead/base/row_norm.h"

namespace clearhead::kernels {

/// Σ x² of n numbers, in f64.
double sum_of_squares(std::int64_t n, const float* x);
double sum_of_squares(std::int64_t n, const double* x);

// T is float, on the processor's vectors, or double; all arrays are dense, at any alignment. Sums
// over a row are made in f64, so that in f32 the error is a few roundings of x̂ for any C.

/// y = x̂·weight + bias; y may be x. mean and scale [rows] keep what backward needs; mean may be
/// nullptr for RMS norm. `past_caches`: all of y is large (base/caches.h); f64 ignores it.
void norm(const RowNorm<float>& norm, std::int64_t rows, const float* x, float* y, float* mean,
          float* scale, bool past_caches = false);
void norm(const RowNorm<double>& norm, std::int64_t rows, const double* x, double* y, double* mean,
          double* scale, bool past_caches = false);

/// d_x += scale·(g − (Σg)/C − x̂·(Σg·x̂)/C), g = d_y·weight, without (Σg)/C for RMS norm;
/// d_weight += Σ_rows d_y·x̂ and d_bias += Σ_rows d_y, row after row. Each of the three may be
/// nullptr.
///
/// To spread rows over threads, give each piece of a fixed number of rows a d_weight and d_bias of
/// its own, and add the pieces in their order (`add_rows`): the result then does not depend on the
/// number of threads.
void norm_backward(const RowNorm<float>& norm, std::int64_t rows, const float* x, const float* mean,
                   const float* scale, const float* d_y, float* d_x, float* d_weight,
                   float* d_bias);
void norm_backward(const RowNorm<double>& norm, std::int64_t rows, const double* x,
                   const double* mean, const double* scale, const double* d_y, double* d_x,
                   double* d_weight, double* d_bias);

/// sums [C] += Σ_rows x for x [rows, C], row after row: the gradient of what was added to each row.
void add_rows(std::int64_t rows, std::int64_t C, const float* x, float* sums);
void add_rows(std::int64_t rows, std::int64_t C, const double* x, double* sums);

/// The reference: the same as plain loops, for float and double.
namespace scalar {
template <typename T>
void norm(const RowNorm<T>& norm, std::int64_t rows, const T* x, T* y, T* mean, T* scale);
template <typename T>
void norm_backward(const RowNorm<T>& norm, std::int64_t rows, const T* x, const T* mean,
                   const T* scale, const T* d_y, T* d_x, T* d_weight, T* d_bias);
template <typename T>
void add_rows(std::int64_t rows, std::int64_t C, const T* x, T* sums);
template <typename T>
double sum_of_squares(std::int64_t n, const T* x);
}  // namespace scalar

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_ROWS_NORM_H_
