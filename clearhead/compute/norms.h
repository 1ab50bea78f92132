// Norms of rows on all threads, and their gradients. T is float or double, all arrays are dense.
#ifndef CLEARHEAD_COMPUTE_NORMS_H_
#define CLEARHEAD_COMPUTE_NORMS_H_

#include <cstdint>

#include "clearhead/base/row_norm.h"
#include "clearhead/compute/into.h"

namespace clearhead::compute {

/// Layer norm or RMS norm of each of R rows of x: y = x̂·weight + bias, and the mean and scale [R]
/// that backward needs.
template <typename T>
void norm(const RowNorm<T>& norm, std::int64_t R, const T* x, T* y, T* mean, T* scale);

/// The gradients; d_weight and d_bias [C] are added to, or nullptr if they are not wanted.
template <typename T>
void norm_backward(const RowNorm<T>& norm, std::int64_t R, const T* x, const T* mean,
                   const T* scale, const T* d_y, Into<T> d_x, T* d_weight, T* d_bias);

/// Batch norm over the R ≥ 1 rows of x [R, C]: y = (x − mean)/√(variance + epsilon)·weight + bias,
/// each column by itself.
template <typename T>
struct BatchNorm {
  std::int64_t R, C;                  ///< rows and columns
  const T* x;                         ///< [R, C]
  const T *mean, *variance, *weight;  ///< [C]
  double epsilon;                     ///< added to the variance
  bool of_batch;  ///< whether mean and variance are those of x, so that gradients flow through them
};

/// The mean of each column, and its variance (divided by R, not by R − 1); both [C].
template <typename T>
void batch_statistics(std::int64_t R, std::int64_t C, const T* x, T* mean, T* variance);
/// y [R, C]; `bias` [C].
template <typename T>
void batch_norm(const BatchNorm<T>& norm, const T* bias, T* y);
/// d_x is written over, or nullptr; d_weight and d_bias are added to, and are 0 at first.
template <typename T>
void batch_norm_backward(const BatchNorm<T>& norm, const T* d_y, T* d_x, T* d_weight, T* d_bias);

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_NORMS_H_
