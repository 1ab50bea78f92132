// The softmax of one row.
#ifndef CLEARHEAD_KERNELS_ROWS_SOFTMAX_H_
#define CLEARHEAD_KERNELS_ROWS_SOFTMAX_H_

#include <cstdint>

namespace clearhead::kernels {

/// What the softmax of a row is made of.
template <typename T>
struct SoftmaxRow {
  T max;  ///< the largest score; −inf of an empty row; NaN if there is one
  T sum;  ///< Σ exp(score − max), over the scores that are not −inf
};

/// pattern = exp(scores − max)/sum, for a row of n scores at any alignment; pattern is not scores.
/// T is float, on the processor's vectors, or double.
///
/// A score of −inf gets exactly 0, whatever the others are. A row that has only −inf, or no score
/// at all, gets zeros, and its sum is 0. If a score is NaN or +inf, the sum and all other weights
/// are NaN. In f32 the relative error of the sum is at most 5e-7, that of a weight at most 5e-7 +
/// 6e-8·(max − score), from rounding that difference. Weights below 2^-126 may be 0.
SoftmaxRow<float> softmax_row(std::int64_t n, const float* scores, float* pattern);
SoftmaxRow<double> softmax_row(std::int64_t n, const double* scores, double* pattern);

/// d_scores += pattern·(d_pattern − Σ pattern·d_pattern). A weight of exactly 0 takes and gives no
/// gradient, even if d_pattern is NaN or infinite there.
void softmax_row_backward(std::int64_t n, const float* pattern, const float* d_pattern,
                          float* d_scores);
void softmax_row_backward(std::int64_t n, const double* pattern, const double* d_pattern,
                          double* d_scores);

/// The reference: the same as plain loops, for float and double.
namespace scalar {
template <typename T>
SoftmaxRow<T> softmax_row(std::int64_t n, const T* scores, T* pattern);
template <typename T>
void softmax_row_backward(std::int64_t n, const T* pattern, const T* d_pattern, T* d_scores);
}  // namespace scalar

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_ROWS_SOFTMAX_H_
